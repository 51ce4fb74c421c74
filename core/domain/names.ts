/**
 * Friendly names for runs: easier to say and to find again than ids, but not unique.
 */
const adjectives = (
  "amber ashen azure bold brave bright bronze calm clear cobalt copper coral crimson crisp dapper " +
  "deep dusky eager early fair fleet frosty gentle gilded glad golden grand hardy hazel hushed " +
  "indigo ivory jade jolly keen kind lively lucid lunar mellow merry misty nimble noble olive " +
  "opal pearl plain polar proud quick quiet rapid rosy russet sable silver sleek solar steady " +
  "sunny swift teal vivid"
).split(" ");
const animals = (
  "albatross badger beaver bison bittern caribou cheetah condor cormorant crane curlew dingo " +
  "dolphin dormouse eagle egret falcon ferret finch gannet gazelle gecko goshawk grouse hare " +
  "heron hoopoe ibex ibis jackdaw jaguar kestrel kingfisher lapwing lark lemur linnet lynx " +
  "magpie marten merlin moorhen newt nuthatch ocelot oriole osprey otter owl panther petrel " +
  "plover puffin raven redstart robin serval shrike stoat swallow tapir tern thrush wren"
).split(" ");

/** A name such as `amber-kestrel` for an integer in 0..2^32-1, one of 4,096. */
export function friendlyName(random: number): string {
  if (!Number.isSafeInteger(random) || random < 0)
    throw new RangeError(`${random} is no integer from 0`);
  const adjective = adjectives[random % adjectives.length] ?? "";
  const animal = animals[Math.floor(random / adjectives.length) % animals.length] ?? "";
  return `${adjective}-${animal}`;
}
