/** Files that a unit test reads as text: `import page from "../../README.md?raw"`, which the test runner's bundler provides. */
declare module "*?raw" {
  const text: string;
  export default text;
}
