// The page applies merge patches as RFC 7396 says: its own examples.
import { strict as assert } from "node:assert";
import { test } from "node:test";
import { build } from "esbuild";

const built = await build({ entryPoints: [new URL("../src/merge.ts", import.meta.url).pathname], bundle: true, format: "esm", write: false });
const { merge } = await import("data:text/javascript;base64," + Buffer.from(built.outputFiles[0].text).toString("base64"));

test("the examples of RFC 7396", () => {
  for (const [target, patch, want] of [
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'], ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'], ['{"a":"b"}', '{"a":null}', "{}"],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'], ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'], ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'], ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'], ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'], ['{"a":"foo"}', "null", "null"], ['{"a":"foo"}', '"bar"', '"bar"'], ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ["[1,2]", '{"a":"b","c":null}', '{"a":"b"}'], ["{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ]) {
    assert.deepEqual(merge(JSON.parse(target), JSON.parse(patch)), JSON.parse(want), `${target} with ${patch}`);
  }
});

test("a patch leaves the old value as it was", () => {
  const old = { runs: { a: { n: 1 }, b: { n: 2 } } };
  const next = merge(old, { runs: { a: { n: 3 }, b: null } });
  assert.deepEqual([old, next], [{ runs: { a: { n: 1 }, b: { n: 2 } } }, { runs: { a: { n: 3 } } }]);
});

test("a worker with an evil name changes no prototype", () => {
  merge({}, JSON.parse('{"workers":{"__proto__":{"polluted":1}},"__proto__":{"polluted":1}}'));
  assert.equal({}.polluted, undefined);
  assert.equal(merge({ workers: {} }, JSON.parse('{"workers":{"__proto__":{"polluted":1}}}')).workers.polluted, undefined);
});
