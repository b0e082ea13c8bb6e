#include "core/heap.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "check.h"
#include "memory.h"
#include "threads.h"
namespace memdb::test {
namespace {

struct Block {
  Ref ref;  // 0: a large one
  uint8_t* memory;
  size_t size;
  uint8_t mark;
};

// A block filled with a mark of its own, so that an overlap with another shows.
Block NewBlock(Heap& heap, Random& random, size_t size) {
  Block block{0, nullptr, size, static_cast<uint8_t>(random.Next())};
  if (size > Heap::kLargestBlock) {
    block.memory = static_cast<uint8_t*>(heap.AllocateLarge(size));
  } else {
    block.ref = heap.Allocate(size);
    CHECK(block.ref != 0);
    block.memory = static_cast<uint8_t*>(heap.At(block.ref));
  }
  CHECK(block.memory != nullptr);
  CHECK_EQ(reinterpret_cast<uintptr_t>(block.memory) % Heap::kUnit, 0u);
  std::memset(block.memory, block.mark, size);
  return block;
}

void Check(const Block& block) {
  const auto is_mark = [&](uint8_t byte) { return byte == block.mark; };
  CHECK(std::all_of(block.memory, block.memory + block.size, is_mark));
}

void FreeBlock(Heap& heap, const Block& block) {
  Check(block);
  if (block.ref == 0) {
    heap.FreeLarge(block.memory);
  } else {
    heap.Free(block.ref);
  }
}

size_t RandomSize(Random& random) {
  if (random.OneIn(100)) return random.Between(Heap::kLargestBlock + 1, 200'000);
  if (random.OneIn(20)) return random.Between(1, Heap::kLargestBlock);
  return random.OneIn(3) ? random.Between(1, 2048) : random.Between(1, 200);
}

void AllocateAndFree(Heap& heap, Random& random, int rounds) {
  std::vector<Block> blocks;
  for (int round = 0; round < rounds; round++) {
    // Grows and shrinks in turns.
    const bool growing = (round / 500) % 2 == 0;
    if (blocks.empty() || random.Below(10) < (growing ? 8u : 2u)) {
      blocks.push_back(NewBlock(heap, random, RandomSize(random)));
    } else {
      std::swap(random.Pick(blocks), blocks.back());
      FreeBlock(heap, blocks.back());
      blocks.pop_back();
    }
  }
  for (const Block& block : blocks) FreeBlock(heap, block);
}

TEST("heap: a block belongs to its owner until it is freed; then all memory is given back") {
  Heap heap;
  AllocateAndFree(heap, random, Rounds(100'000));
  CHECK_EQ(heap.used_bytes(), 0u);
}

TEST("heap: the same from several threads") {
  Heap heap;
  const uint64_t seed = random.Next();
  RunThreads(4, [&](int i) {
    Random own = Random(seed).Fork(static_cast<uint64_t>(i));
    AllocateAndFree(heap, own, Rounds(30'000));
  });
  CHECK_EQ(heap.used_bytes(), 0u);
}

TEST("heap: a block freed by another thread is used again") {
  Heap heap;
  std::vector<Block> blocks;
  for (int round = 0; round < 10; round++) {
    RunThreads(1, [&](int) {
      for (int i = 0; i < 1000; i++) blocks.push_back(NewBlock(heap, random, RandomSize(random)));
    });
    for (const Block& block : blocks) FreeBlock(heap, block);
    blocks.clear();
    CHECK_EQ(heap.used_bytes(), 0u);
  }
}

TEST("heap: memory freed in one size serves another") {
  Heap heap;
  const size_t before = MappedBytes();
  size_t most = 0;
  for (const size_t size : {64, 96, 2048, 48, 1000, 16}) {
    std::vector<Block> blocks;
    for (size_t used = 0; used < 1'500'000; used += size) {
      blocks.push_back(NewBlock(heap, random, size));
    }
    // What is left over in spans takes little.
    CHECK(heap.used_bytes() < 1'700'000);
    most = std::max(most, heap.held_bytes());
    for (const Block& block : blocks) FreeBlock(heap, block);
    CHECK_EQ(heap.used_bytes(), 0u);
  }
  // One chunk served them all.
  CHECK(most <= (2u << 20));
  if (kCountsMemory) CHECK_EQ(MappedBytes() - before, 2u << 20);
}

TEST("heap: a hole in a full span is filled before another span is taken") {
  Heap heap;
  std::vector<Block> blocks;
  while (heap.used_bytes() < 10 * 65536) blocks.push_back(NewBlock(heap, random, 64));
  while (blocks.size() > 1 && heap.used_bytes() == 10 * 65536) {
    FreeBlock(heap, blocks.back());
    blocks.pop_back();
  }
  const size_t used = heap.used_bytes();
  for (size_t i = 0; i + 1 < blocks.size(); i += 7) {
    FreeBlock(heap, blocks[i]);
    blocks[i] = NewBlock(heap, random, 64);
    CHECK_EQ(heap.used_bytes(), used);
  }
  for (const Block& block : blocks) FreeBlock(heap, block);
  CHECK_EQ(heap.used_bytes(), 0u);
}

TEST("heap: chunks go back to the OS, except for a reserve") {
  if (!kCountsMemory) return Note("skipped: mapped memory is counted on Linux only");
  const size_t before = MappedBytes();
  {
    Heap heap;
    const size_t empty = MappedBytes();
    for (int round = 0; round < 3; round++) {
      std::vector<Block> blocks;
      for (int i = 0; i < 20'000; i++) blocks.push_back(NewBlock(heap, random, 1024));
      CHECK(MappedBytes() - empty >= 20'000 * 1024);
      while (!blocks.empty()) {
        std::swap(random.Pick(blocks), blocks.back());
        FreeBlock(heap, blocks.back());
        blocks.pop_back();
      }
      // And for one that is got ready meanwhile.
      WaitUntil("little is left", [&] { return MappedBytes() - empty <= 3 * (2u << 20); });
    }
  }
  WaitUntil("all is given back", [&] { return MappedBytes() == before; });
}

// Frees all but one in so many, in random order. Returns those that are left.
std::vector<Block> FreeAllBut(Heap& heap, Random& random, std::vector<Block>& blocks,
                              size_t one_in) {
  std::vector<Block> left;
  for (size_t i = 0; i < blocks.size(); i += one_in) {
    left.push_back(blocks[i]);
    blocks[i].size = 0;
  }
  for (size_t rest = blocks.size(); rest > 0; rest--) {
    std::swap(blocks[random.Below(rest)], blocks[rest - 1]);
    if (blocks[rest - 1].size != 0) FreeBlock(heap, blocks[rest - 1]);
  }
  return left;
}

// What stays for blocks that may come: the reserve, and two chunks that give spans.
constexpr size_t kLittle = 6u << 20;

TEST("heap: memory is not kept for the few blocks that are left in each chunk") {
  for (const size_t size : {556, 5'000, 20'000, 70'000}) {
    Heap heap;
    const auto count = static_cast<size_t>(Rounds(40'000'000)) / size;
    std::vector<Block> blocks(count);
    const size_t resident = ResidentBytes();
    for (Block& block : blocks) block = NewBlock(heap, random, size);
    const size_t full = heap.held_bytes();
    const size_t resident_full = ResidentBytes() - resident;
    CHECK(full >= count * size);
    CHECK(full <= count * size * 9 / 8 + kLittle);

    const auto left = FreeAllBut(heap, random, blocks, 2'000);
    const size_t held = heap.held_bytes();
    CHECK(held <= heap.used_bytes() * 9 / 8 + count * size / 256 + kLittle);
    const size_t span = size > 8192 ? 8 * 65'536 : 65'536;
    CHECK(heap.used_bytes() <= left.size() * std::max(span, size + 4096));
    const size_t resident_after = std::max(ResidentBytes(), resident) - resident;
    Note(std::to_string(count) + " blocks of " + std::to_string(size) + ", then " +
         std::to_string(left.size()) + ": held " + std::to_string(full >> 10) + " KiB, then " +
         std::to_string(held >> 10) + "; resident " + std::to_string(resident_full >> 10) +
         " KiB, then " + std::to_string(resident_after >> 10));
    // Under a sanitizer the process has more memory than the heap's.
    if (kCountsMemory && !kSanitized) {
      CHECK(resident_full <= full + kLittle);
      CHECK(resident_after <= held + kLittle);
    }
    for (const Block& block : left) FreeBlock(heap, block);
    CHECK_EQ(heap.used_bytes(), 0u);
    CHECK(heap.held_bytes() <= kLittle);
  }
}

TEST("heap: a store that changes no more than a little takes no memory from the OS again") {
  if (!kCountsMemory) return Note("skipped: mapped memory is counted on Linux only");
  Heap heap;
  std::vector<Block> blocks;
  for (int i = 0; i < 100'000; i++) blocks.push_back(NewBlock(heap, random, 200));
  const size_t held = heap.held_bytes();
  for (int round = 0; round < 20; round++) {
    // A sixteenth of the spans, of which half of the chunks are idle then.
    for (size_t i = 0; i < blocks.size() / 16; i++) FreeBlock(heap, blocks[i]);
    CHECK(heap.held_bytes() >= held - (2u << 20));
    for (size_t i = 0; i < blocks.size() / 16; i++) blocks[i] = NewBlock(heap, random, 200);
    CHECK(heap.held_bytes() <= held + (2u << 20));
  }
  for (const Block& block : blocks) FreeBlock(heap, block);
}

TEST("heap: spans come from the fullest chunks, so that the others become idle") {
  Heap heap;
  constexpr size_t kBlock = 2048;
  constexpr size_t kChunk = 2u << 20;
  std::map<uint32_t, std::vector<Block>> chunks;
  const auto chunk_of = [](const Block& block) { return block.ref / (kChunk / Heap::kUnit); };
  const auto span_of = [](const Block& block) {
    return block.ref % (kChunk / Heap::kUnit) / (65'536 / Heap::kUnit);
  };
  for (size_t i = 0; i < 5 * (kChunk / kBlock - 1); i++) {
    const Block block = NewBlock(heap, random, kBlock);
    chunks[chunk_of(block)].push_back(block);
  }
  // How many of its 32 spans each loses. The last chunk still gives new spans.
  const std::vector<uint32_t> losses = {31, 1, 16, 2};
  for (const uint32_t chunk : {0, 1, 2, 3}) {
    std::erase_if(chunks[chunk], [&](const Block& block) {
      if (span_of(block) < 32 - losses[chunk]) return false;
      FreeBlock(heap, block);
      return true;
    });
  }
  for (const uint32_t chunk : {1, 3, 2}) {
    for (size_t i = 0; i < losses[chunk] * 32; i++) {
      const Block block = NewBlock(heap, random, kBlock);
      CHECK_EQ(chunk_of(block), chunk);
      chunks[chunk].push_back(block);
    }
  }
  for (const auto& [chunk, blocks] : chunks) {
    for (const Block& block : blocks) FreeBlock(heap, block);
  }
  CHECK_EQ(heap.used_bytes(), 0u);
}

TEST("heap: no block takes more than an eighth beyond its size, or 16 bytes") {
  constexpr size_t kBytes = 8u << 20;
  for (size_t size = 2; size <= Heap::kLargestBlock; size += size / 5 + 1) {
    Heap heap;
    const size_t count = kBytes / size;
    for (size_t i = 0; i < count; i++) CHECK(heap.Allocate(size) != 0);
    const size_t most = count * (size + std::max<size_t>(size / 8, 16));
    CHECK(heap.used_bytes() <= most + kBytes / 16);
  }
}

TEST("heap: what the OS cannot unmap now gives its memory back, and goes when the heap ends") {
  if (!kCountsMemory) return Note("skipped: unmapping fails on Linux only");
  const size_t before = MappedBytes();
  {
    Heap heap;
    std::vector<Block> blocks;
    for (int i = 0; i < 100; i++) blocks.push_back(NewBlock(heap, random, 100'000));
    const size_t held = heap.held_bytes();
    CHECK(held >= 100 * 100'000);
    {
      const FailingUnmap failing;
      for (size_t i = 0; i < 50; i++) FreeBlock(heap, blocks[i]);
    }
    CHECK(heap.held_bytes() <= held / 2 + 50 * 4096);
    for (size_t i = 50; i < 100; i++) FreeBlock(heap, blocks[i]);
    CHECK(heap.held_bytes() <= 50 * 4096);
    CHECK(MappedBytes() > before + 50 * 100'000);
  }
  CHECK_EQ(MappedBytes(), before);
}

TEST("heap: Clear frees everything, and the heap can be used again") {
  Heap heap;
  for (int round = 0; round < 5; round++) {
    for (int i = 0; i < 5000; i++) NewBlock(heap, random, RandomSize(random));
    heap.Clear();
    CHECK_EQ(heap.used_bytes(), 0u);
  }
  const Block block = NewBlock(heap, random, 100);
  FreeBlock(heap, block);
}

}  // namespace
}  // namespace memdb::test
