/** What VS Code calls to run the tests. */

const path = require("node:path");
const Mocha = require("mocha");

exports.run = async () => {
  const mocha = new Mocha({
    ui: "tdd",
    timeout: 400_000,
    reporter: "json",
    reporterOptions: { output: process.env.MOCHA_RESULTS },
  });
  mocha.addFile(path.join(__dirname, "suite.cjs"));
  const failures = await new Promise((resolve) => mocha.run(resolve));
  if (failures > 0) {
    throw new Error(`${failures} failed`);
  }
};
