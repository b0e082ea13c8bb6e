// A process that makes fallback databases one after the other and prints the most memory that it took, in MB.
import { Key, MemDB } from 'accumulate-memdb';

const [count, ending] = process.argv.slice(2);
const value = Buffer.alloc(10_000, 1);
let most = 0;
for (let n = 0; n < Number(count); n++) {
  const db = new MemDB({ engine: 'fallback' });
  // Small commits: the arrays of a large one would have V8 collect garbage.
  for (let i = 0; i < 4_000; i += 4) {
    db.update((batch) => {
      for (let j = i; j < i + 4; j++) batch.put(Key.of(j), value);
    });
  }
  if (ending === 'handle') db.handle;
  if (ending === 'abandon') await new Promise((resolve) => setTimeout(resolve, 1));
  else db.close();
  most = Math.max(most, process.memoryUsage().rss);
}
console.log(Math.round(most / 2 ** 20));
