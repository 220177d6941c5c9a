/** Files in the widget, with real ones: what is refused is said before a byte travels, what goes wrong can be repeated, and no file holds up another. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { useBrowser } from "../support/browser/chromium.ts";
import { useHost } from "../support/browser/host.ts";
import { openWidget, type PickedFile, until, type Widget } from "../support/browser/widget.ts";
import { ApiClient } from "../support/node/api-client.ts";
import { agentToken, send } from "../support/node/chats.ts";
import { PROJECT } from "../support/node/command.ts";
import { useNetwork } from "../support/node/network.ts";
import { useServer } from "../support/node/server.ts";

const MIB = 1024 * 1024;
const quiet = { "transcript-email": "never" };
const server = useServer({
  bindings: {
    SERVICE_LARGE: {
      ...quiet,
      "upload-max-file-size": "20MiB",
      "upload-max-total-size": "60MiB",
      "upload-max-files": 10,
    },
    SERVICE_SERVED: { ...quiet, "upload-need-agent": true },
    SERVICE_NONE: { ...quiet, "upload-max-files": 0 },
    SERVICE_FEW: { ...quiet, "download-attempts": 4 },
  },
});
const network = useNetwork(server);
const browser = useBrowser();
const host = useHost();

async function chatting(service = "customer-support", attributes = "data-uploads-enabled") {
  const context = await browser.person();
  const page = await context.newPage();
  const widget = await openWidget(page, host, network().url, `data-service="${service}" ${attributes}`);
  const sessionId = await widget.start();
  const agent = new ApiClient(() => server().url, sessionId, await agentToken(server));
  return { context, page, widget, agent };
}

const sample = async (name: string) => Buffer.from(await readFile(join(PROJECT, "test/support/files", name)));
const text = (name: string, bytes = 2000): PickedFile => ({
  name,
  buffer: Buffer.alloc(bytes, "satchel and more lines\n"),
});
const sent = async (agent: ApiClient) =>
  (await agent.must("getEvents")).events.flatMap((event) => (event.type === "FileUploaded" ? [event.file] : []));
/** A file as the transcript shows it, not one that is on its way. */
const card = (widget: Widget, name: string) => widget.log.locator(".message:not(.outgoing)", { hasText: name });
const outgoing = (widget: Widget, name: string) => widget.log.locator(".outgoing", { hasText: name });

test("several files are sent at once, and one that is bad does not hold up the others", async () => {
  const { widget, agent } = await chatting();
  await agent.must("joinSession");
  await widget.pick(
    { name: "写真.jpg", mimeType: "image/jpeg", buffer: await sample("写真.jpg") },
    { name: "setup.exe", mimeType: "application/x-msdownload", buffer: Buffer.from("MZ") },
    { name: "fake.pdf", mimeType: "application/pdf", buffer: Buffer.from("this is no PDF") },
    { name: "Ärger im Büro.pdf", mimeType: "application/pdf", buffer: await sample("Ärger im Büro.pdf") },
  );
  await card(widget, "写真.jpg").waitFor();
  await card(widget, "Ärger im Büro.pdf").waitFor();
  await outgoing(widget, "setup.exe")
    .getByText(/Files of this type cannot be sent. Allowed: JPG, JPEG, PNG/)
    .waitFor();
  await outgoing(widget, "fake.pdf").getByText("The content is not what the file's name says.").waitFor();
  expect((await sent(agent)).map(({ name }) => name).sort()).toEqual(["Ärger im Büro.pdf", "写真.jpg"].sort());
  await widget.button("Remove setup.exe").click();
  await widget.button("Remove fake.pdf").click();
  await until(async () => (await widget.log.locator(".outgoing").count()) === 0);
});

test("what exceeds a limit is refused in words with the limit, and nothing is asked of the server", async () => {
  const { page, widget } = await chatting();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.method()));
  await widget.pick(text("large.txt", 3 * MIB), text("empty.txt", 0));
  await outgoing(widget, "large.txt").getByText("TXT up to 2 MB. 3 of 3 files left.").waitFor();
  await outgoing(widget, "empty.txt").getByText("The file is empty.").waitFor();
  expect(asked.filter((method) => method !== "GET")).toEqual([]);
});

test("four files at a limit of three: three are sent, and then the button is gone", async () => {
  const { widget, agent } = await chatting();
  await widget.pick(text("1.txt"), text("2.txt"), text("3.txt"), text("4.txt"));
  await outgoing(widget, "4.txt").getByText("No more files: 3 of 3 are used.").waitFor();
  for (const name of ["1.txt", "2.txt", "3.txt"]) await card(widget, name).waitFor();
  await agent.must("joinSession");
  expect(await sent(agent)).toHaveLength(3);
  await until(async () => (await widget.button(/^Send files/).count()) === 0);
  await agent.must("grantUploads", { json: { files: 1, bytes: MIB } });
  await widget.sees("You can send more files now.");
  await widget.button("Send 4.txt again").click();
  await card(widget, "4.txt").waitFor();
});

test("the button is there only where the page wants it, the limits allow it and, if need be, an agent is there", async () => {
  const unwanted = await chatting("customer-support", "");
  expect(await unwanted.widget.button(/^Send files/).count()).toBe(0);
  const none = await chatting("none");
  expect(await none.widget.button(/^Send files/).count()).toBe(0);
  const { widget, agent } = await chatting("served");
  expect(await widget.button(/^Send files/).count()).toBe(0);
  await agent.must("joinSession");
  await widget.button(/^Send files\. Up to 2 MB per file\. 3 of 3 files left\.$/).waitFor();
  await agent.must("leaveSession");
  await until(async () => (await widget.button(/^Send files/).count()) === 0);
});

test("on a slow network progress is true, and a cancel stops the bytes and gives the quota back", async () => {
  const { context, page, widget, agent } = await chatting("large");
  const slow = await context.newCDPSession(page);
  const conditions = { offline: false, latency: 20, downloadThroughput: -1 };
  await slow.send("Network.emulateNetworkConditions", { ...conditions, uploadThroughput: MIB });
  await widget.pick(text("slow.txt", 10 * MIB));
  const bar = widget.element.getByRole("progressbar", { name: "slow.txt" });
  const value = () => bar.evaluate((element: HTMLProgressElement) => element.value);
  await until(async () => (await value()) > 0);
  const first = await value();
  expect(first).toBeLessThan(10 * MIB);
  await until(async () => (await value()) > first);
  expect((await agent.must("joinSession")).participantId).toBeGreaterThan(1);
  await widget.button("Cancel slow.txt").click();
  await until(async () => (await agent.must("getLimits")).used.files === 0);
  expect(await sent(agent)).toEqual([]);
  expect(await widget.log.locator(".outgoing").count()).toBe(0);
});

test("a network that is cut in mid-file interrupts it, and it goes on by itself and arrives once", async () => {
  const { context, page, widget, agent } = await chatting("large");
  await agent.must("joinSession");
  const slow = await context.newCDPSession(page);
  const conditions = { offline: false, latency: 0, downloadThroughput: -1 };
  await slow.send("Network.emulateNetworkConditions", { ...conditions, uploadThroughput: 2 * MIB });
  await widget.pick(text("long.txt", 8 * MIB));
  const bar = widget.element.getByRole("progressbar", { name: "long.txt" });
  await until(() => bar.evaluate((element: HTMLProgressElement) => element.value > 0));
  network().cut();
  await widget.sees(/Interrupted/);
  await slow.send("Network.emulateNetworkConditions", { ...conditions, uploadThroughput: -1 });
  network().join();
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await card(widget, "long.txt").waitFor();
  await until(async () => (await sent(agent)).length === 1);
  await until(async () => (await widget.log.locator(".outgoing").count()) === 0);
  expect(await card(widget, "long.txt").count()).toBe(1);
});

test("files are dropped on a visible target, and pasted from the clipboard", async () => {
  const { page, widget } = await chatting();
  const chat = widget.element.locator(".chat");
  const transfer = await page.evaluateHandle(() => {
    const files = new DataTransfer();
    files.items.add(new File(["dropped\n"], "dropped.txt", { type: "text/plain" }));
    return files;
  });
  await chat.dispatchEvent("dragenter", { dataTransfer: transfer });
  await widget.sees("Drop files here to send them");
  await chat.dispatchEvent("drop", { dataTransfer: transfer });
  await card(widget, "dropped.txt").waitFor();
  expect(await widget.element.getByText("Drop files here to send them").count()).toBe(0);
  await widget.composer.evaluate((field) => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File(["pasted\n"], "pasted.txt", { type: "text/plain" }));
    field.dispatchEvent(
      new ClipboardEvent("paste", { clipboardData, bubbles: true, composed: true, cancelable: true }),
    );
  });
  await card(widget, "pasted.txt").waitFor();
});

test("a photo tells the agent everything but where it was taken, unless the page wants that too", async () => {
  const photo = withPlace(await sample("写真.jpg"));
  const arrived = async (attributes: string) => {
    const { widget, agent } = await chatting("large", attributes);
    await agent.must("joinSession");
    await widget.pick({ name: "photo.jpg", mimeType: "image/jpeg", buffer: photo });
    await card(widget, "photo.jpg").waitFor();
    const [file] = await sent(agent);
    return Buffer.from(await agent.must("downloadFile", { params: { fileId: file?.fileId ?? "" } }));
  };
  const stripped = await arrived("data-uploads-enabled");
  expect(stripped.includes(PLACE)).toBe(false);
  expect(stripped.length).toBeGreaterThan(100);
  expect(await arrived("data-uploads-enabled data-keep-location")).toEqual(photo);
});

test("the agent's files are fetched only when asked for, opened in a viewer, saved byte for byte, and their attempts counted", async () => {
  const { page, widget, agent } = await chatting("few");
  await agent.must("joinSession");
  const logo = await sample("logo.png");
  const pdf = await sample("Ärger im Büro.pdf");
  await send(agent, "logo.png", logo);
  await send(agent, "Ärger im Büro.pdf", pdf);
  await card(widget, "Ärger im Büro.pdf").waitFor();
  expect((await agent.must("getLimits")).used.downloads).toBe(0);
  await widget.button("Open logo.png").click();
  await widget.element.getByRole("img", { name: "Picture logo.png" }).waitFor();
  await page.keyboard.press("Escape");
  await until(async () => (await widget.element.getByRole("img", { name: "Picture logo.png" }).count()) === 0);
  expect(await widget.button("Open logo.png").evaluate((button) => button.matches(":focus"))).toBe(true);
  await until(async () => (await agent.must("getLimits")).used.downloads === 1);
  // It is here already: opened and saved again it takes no further attempt.
  await widget.button("Open logo.png").click();
  await page.keyboard.press("Escape");
  const saved = async (name: string) => {
    const [download] = await Promise.all([page.waitForEvent("download"), widget.button(`Save ${name}`).click()]);
    expect(download.suggestedFilename()).toBe(name);
    return readFile(await download.path());
  };
  expect(await saved("logo.png")).toEqual(logo);
  expect((await agent.must("getLimits")).used.downloads).toBe(1);
  expect(await saved("Ärger im Büro.pdf")).toEqual(pdf);
  await widget.sees(/Downloads left: 2/);
});

test("an own file is deleted after a question, and everybody sees that it was", async () => {
  const { widget, agent } = await chatting();
  await agent.must("joinSession");
  await widget.pick(text("oops.txt"));
  await widget.button("Delete oops.txt").click();
  await widget.sees("Delete oops.txt?");
  await widget.element.locator(".sheet").getByRole("button", { name: "Delete oops.txt" }).click();
  await widget.sees("oops.txt was deleted");
  expect((await agent.must("getLimits")).used.files).toBe(0);
});

test("names that pretend to be something else are shown as what they are", async () => {
  const { widget, agent } = await chatting();
  await agent.must("joinSession");
  const name = '<img src=x onerror="document.title=1">.txt';
  await send(agent, name, "hello\n");
  await widget.log.locator(".file-name").waitFor();
  expect(await widget.log.locator("img").count()).toBe(0);
  expect(await widget.log.locator(".file-name").textContent()).toContain("onerror");
});

/** What a place looks like in the bytes of a photo. */
const PLACE = "52 deg 31 min N";

/** The photo with an Exif segment in front that names a place. */
function withPlace(photo: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from("Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0", "latin1"), Buffer.from(PLACE)]);
  const head = Buffer.from([0xff, 0xe1, 0, content.length + 2]);
  return Buffer.concat([photo.subarray(0, 2), head, content, photo.subarray(2)]);
}
