export default async function globalTeardown() {
  await globalThis.pladmedTestMongod?.stop();
}
