/** A stylesheet is imported as its text: `src/cli/build-web.ts` makes it so. */
declare module "*.css" {
  const text: string;
  export default text;
}
