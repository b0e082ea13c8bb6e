#include "core/heap.h"

#include <algorithm>
#include <cstring>
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
    heap.Free(block.ref, block.size);
  }
}

size_t RandomSize(Random& random) {
  if (random.OneIn(20)) return random.Between(Heap::kLargestBlock + 1, 50'000);
  return random.OneIn(3) ? random.Between(1, Heap::kLargestBlock) : random.Between(1, 200);
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
  CHECK_EQ(heap.held_bytes(), 0u);
}

TEST("heap: the same from several threads") {
  Heap heap;
  const uint64_t seed = random.Next();
  RunThreads(4, [&](int i) {
    Random own = Random(seed).Fork(static_cast<uint64_t>(i));
    AllocateAndFree(heap, own, Rounds(30'000));
  });
  CHECK_EQ(heap.held_bytes(), 0u);
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
    CHECK_EQ(heap.held_bytes(), 0u);
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
    const size_t held = heap.held_bytes();
    // Headers, and what is left over in spans, take little.
    CHECK(held < 1'700'000);
    most = std::max(most, held);
    for (const Block& block : blocks) FreeBlock(heap, block);
    CHECK_EQ(heap.held_bytes(), 0u);
  }
  // One chunk served them all.
  CHECK(most < (2u << 20));
  if (kCountsMemory) CHECK_EQ(MappedBytes() - before, 2u << 20);
}

TEST("heap: a hole in a full span is filled before another span is taken") {
  Heap heap;
  std::vector<Block> blocks;
  while (heap.held_bytes() < 10 * 65536) blocks.push_back(NewBlock(heap, random, 64));
  while (blocks.size() > 1 && heap.held_bytes() == 10 * 65536) {
    FreeBlock(heap, blocks.back());
    blocks.pop_back();
  }
  const size_t held = heap.held_bytes();
  for (size_t i = 0; i + 1 < blocks.size(); i += 7) {
    FreeBlock(heap, blocks[i]);
    blocks[i] = NewBlock(heap, random, 64);
    CHECK_EQ(heap.held_bytes(), held);
  }
  for (const Block& block : blocks) FreeBlock(heap, block);
  CHECK_EQ(heap.held_bytes(), 0u);
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

TEST("heap: Clear frees everything, and the heap can be used again") {
  Heap heap;
  for (int round = 0; round < 5; round++) {
    for (int i = 0; i < 5000; i++) NewBlock(heap, random, RandomSize(random));
    heap.Clear();
    CHECK_EQ(heap.held_bytes(), 0u);
  }
  const Block block = NewBlock(heap, random, 100);
  FreeBlock(heap, block);
}

}  // namespace
}  // namespace memdb::test
