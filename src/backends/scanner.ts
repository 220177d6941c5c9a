/** What scans files for malware: one small interface over clamd by TCP and clamd behind an HTTP gateway. */
import type { ScanVerdict } from "../core/scan.ts";

/** A file as a scanner reads it: out of the store and at full speed, so that no slow sender holds a scanner's thread. */
export interface ScannedFile {
  /** Bytes. */
  readonly size: number;
  /** Opens the content, once the scanner has said that it is there; undefined where the object is gone. */
  open(): Promise<ReadableStream<Uint8Array> | undefined>;
}

/** What a scanner tells of itself. */
export interface ScannerState {
  /** The engine's version, such as `ClamAV 1.4.3`. */
  readonly version: string;
  /** When its signatures were made, in milliseconds since 1970; undefined where it does not say. */
  readonly signaturesAt: number | undefined;
}

/** A malware scanner. */
export interface Scanner {
  /**
   * Scans one file: asks first whether the scanner is there, and only then opens the content. Never throws for what a
   * scanner does or leaves undone (that is a verdict); rejects only when the file's own stream fails or is gone, or when
   * `signal` ends the scan, whose answer nobody waits for any more.
   */
  scan(file: ScannedFile, signal?: AbortSignal): Promise<ScanVerdict>;
  /** Version and age of the signatures; rejects where the scanner cannot be asked, or is of no use as it is set up. */
  state(): Promise<ScannerState>;
}
