#include "core/page_supply.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "check.h"
#include "core/pages.h"
#include "memory.h"
#include "threads.h"

namespace memdb::test {
namespace {

constexpr size_t kSize = 2u << 20;

void* TakeReady(PageSupply& supply) {
  void* memory = nullptr;
  WaitUntil("a piece is ready", [&] { return (memory = supply.Take()) != nullptr; });
  return memory;
}

TEST("page_supply: gives one piece for each Prepare") {
  PageSupply supply(kSize);
  CHECK(supply.Take() == nullptr);
  for (int round = 0; round < 3; round++) {
    supply.Prepare();
    supply.Prepare();
    auto* const memory = static_cast<uint8_t*>(TakeReady(supply));
    CHECK_EQ(reinterpret_cast<uintptr_t>(memory) % kSize, 0u);
    CHECK(std::ranges::all_of(std::span(memory, kSize), [](uint8_t byte) { return byte == 0; }));
    std::fill_n(memory, kSize, 0xff);
    CHECK(supply.Take() == nullptr);
    UnmapPages(memory, kSize);
  }
}

TEST("page_supply: a piece that nobody takes is freed, ready or not") {
  if (!kCountsMemory) return Note("skipped: mapped memory is counted on Linux only");
  const size_t before = MappedBytes();
  for (int round = 0; round < Rounds(100); round++) {
    PageSupply supply(kSize);
    supply.Prepare();
    if (round % 3 == 0) UnmapPages(TakeReady(supply), kSize);
    if (round % 3 == 1) WaitUntil("it is mapped", [&] { return MappedBytes() >= before + kSize; });
    if (round % 2 == 0) supply.Drop();
  }
  WaitUntil("all is given back", [&] { return MappedBytes() == before; });
}

TEST("page_supply: gives nothing if memory cannot be allocated") {
  if (!kCountsMemory) return Note("skipped: allocations fail on Linux only");
  PageSupply supply(kSize);
  for (size_t number = 0;; number++) {
    FailingAllocation failing(number);
    supply.Prepare();
    if (!failing.failed()) break;
    CHECK(supply.Take() == nullptr);
  }
  UnmapPages(TakeReady(supply), kSize);
}

}  // namespace
}  // namespace memdb::test
