// What the grammar makes of words, by the library that VS Code colours with.

const assert = require("node:assert");
const { readFileSync, readdirSync } = require("node:fs");
const { join } = require("node:path");
const { test } = require("node:test");
const oniguruma = require("vscode-oniguruma");
const textmate = require("vscode-textmate");

const FLOWS = process.env.FLOWS ?? join(__dirname, "..", "..", "..", "examples", "kafija");

const wasm = readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
const registry = new textmate.Registry({
  onigLib: oniguruma.loadWASM(wasm).then(() => ({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  })),
  loadGrammar: async () => {
    const path = join(__dirname, "..", "syntaxes", "virta.tmLanguage.json");
    return textmate.parseRawGrammar(readFileSync(path, "utf-8"), path);
  },
});

// Every part of a text with the innermost of its scopes, without blanks.
async function parts(text) {
  const grammar = await registry.loadGrammar("source.virta");
  const found = [];
  let state = textmate.INITIAL;
  for (const line of text.split("\n")) {
    const done = grammar.tokenizeLine(line, state);
    state = done.ruleStack;
    for (const token of done.tokens) {
      const words = line.slice(token.startIndex, token.endIndex).trim();
      if (words) found.push([words, token.scopes.at(-1)]);
    }
  }
  return found;
}

const FLOW = `# a comment
flow thanks "Thanks, {contact.name}"   # another
    start on order_placed where total > 49.90 EUR and first is 3
    wait for best time up to 2 days
    send rīta_kafija with code coupon ten, time trigger.time
    split offer
        50% one
    finish as "no" # "not a text"
contact
    plan   one of "a", "b"
    time   text
`;

test("words, names, texts, values and comments each have their own colour", async () => {
  const found = await parts(FLOW);
  const scopes = (words) => found.filter((each) => each[0] === words).map((each) => each[1]);
  assert.deepEqual(scopes("# a comment"), ["comment.line.number-sign.virta"]);
  assert.deepEqual(scopes("# another"), ["comment.line.number-sign.virta"]);
  assert.deepEqual(scopes('# "not a text"'), ["comment.line.number-sign.virta"]);
  assert.deepEqual(scopes("flow"), ["keyword.declaration.virta"]);
  assert.deepEqual(scopes("thanks"), ["entity.name.type.virta"]);
  assert.deepEqual(scopes("{contact.name}"), ["variable.other.value.virta"]);
  assert.deepEqual(scopes("start on"), ["keyword.control.virta"]);
  assert.deepEqual(scopes("wait for best time"), ["keyword.control.virta"]);
  assert.deepEqual(scopes("up to"), ["keyword.other.virta"]);
  assert.deepEqual(scopes("49.90 EUR"), ["constant.numeric.money.virta"]);
  assert.deepEqual(scopes("2 days"), ["constant.numeric.duration.virta"]);
  assert.deepEqual(scopes("50%"), ["constant.numeric.percent.virta"]);
  assert.deepEqual(scopes(">"), ["keyword.operator.word.virta"]);
  assert.deepEqual(scopes("trigger"), ["variable.language.virta"]);
  assert.deepEqual(scopes("plan"), ["variable.other.property.virta"]);
  assert.deepEqual(scopes("one of"), ["storage.type.virta"]);
  assert.deepEqual(scopes("text"), ["storage.type.virta"]);
});

test("a name with the letters of a word in it is no word", async () => {
  const found = await parts("flow x\n    send sender_of_sends\n    send īsend\n    if any isle");
  for (const name of ["sender_of_sends", "īsend", "isle"]) {
    assert.deepEqual(found.filter((each) => each[0] === name), [[name, "source.virta"]]);
  }
});

test("every line of the coffee shop's flows begins with a coloured word, a value or a comment", async () => {
  const files = readdirSync(FLOWS, { recursive: true }).filter((name) => name.endsWith(".flow"));
  assert.ok(files.length > 20);
  const grammar = await registry.loadGrammar("source.virta");
  const plain = [];
  for (const file of files) {
    let state = textmate.INITIAL;
    let declares = "";
    for (const line of readFileSync(join(FLOWS, file), "utf-8").split("\n")) {
      const done = grammar.tokenizeLine(line, state);
      state = done.ruleStack;
      declares = /^\w+/.exec(line)?.[0] ?? declares;
      const start = line.search(/\S/);
      if (start < 0) continue;
      const token = done.tokens.find((each) => each.startIndex <= start && start < each.endIndex);
      // a scenario's lines begin with names of events and attributes, too
      if (token.scopes.length < 2 && declares !== "scenario") plain.push(`${file}: ${line}`);
    }
  }
  assert.deepEqual(plain, []);
});
