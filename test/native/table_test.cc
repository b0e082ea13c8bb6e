#include "core/table.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "check.h"

namespace memdb::test {
namespace {

// Entries numbered from 0, each with a digest of its own.
class Entries {
 public:
  explicit Entries(size_t count) {
    for (size_t i = 0; i < count; i++) refs_.push_back(Entry::CreateDeleted(heap_, DigestOf(i)));
  }

  static Digest DigestOf(size_t i) { return {{i, 1, 2, 3}}; }
  const Heap& heap() const { return heap_; }
  size_t size() const { return refs_.size(); }
  Ref at(size_t i) const { return refs_[i]; }
  size_t NumberOf(Ref ref) const { return EntryAt(heap_, ref)->digest.words[0]; }

 private:
  Heap heap_;
  std::vector<Ref> refs_;
};

// Does the same to a table and to a map of the standard library, and compares.
// `tag_of` decides which entries meet.
template <typename TagOf>
void CompareWithMap(Random& random, size_t count, int rounds, TagOf&& tag_of) {
  const Entries entries(count);
  Table table;
  std::unordered_map<size_t, Ref> map;
  const auto find = [&](size_t i) {
    return table.Find(entries.heap(), Entries::DigestOf(i), tag_of(i));
  };
  const auto check_all = [&] {
    CHECK_EQ(table.size(), map.size());
    size_t seen = 0;
    table.ForEach([&](const Table::Slot& slot) {
      const size_t i = entries.NumberOf(slot.ref);
      CHECK(map.contains(i));
      CHECK_EQ(slot.tag, tag_of(i));
      seen++;
    });
    CHECK_EQ(seen, map.size());
    for (size_t i = 0; i < count; i++) {
      const Table::Slot* slot = find(i);
      CHECK_EQ(slot != nullptr, map.contains(i));
      if (slot != nullptr) CHECK_EQ(slot->ref, entries.at(i));
    }
  };

  for (int round = 0; round < rounds; round++) {
    const size_t i = random.Below(count);
    const bool growing = (round / (rounds / 8 + 1)) % 2 == 0;
    Table::Slot* slot = find(i);
    CHECK_EQ(slot != nullptr, map.contains(i));
    if (slot == nullptr && (growing || random.OneIn(4))) {
      CHECK(table.Reserve(1));
      table.Insert(tag_of(i), entries.at(i));
      map.emplace(i, entries.at(i));
    } else if (slot != nullptr && (!growing || random.OneIn(4))) {
      table.Remove(slot);
      map.erase(i);
    }
    const Ref guess = table.Guess(tag_of(i));
    CHECK(guess == 0 || tag_of(entries.NumberOf(guess)) == tag_of(i));
    CHECK(guess != 0 || !map.contains(i));
    if (round % (rounds / 16 + 1) == 0) check_all();
  }
  check_all();
  // A search that fails must end: a quarter of the slots is free.
  CHECK(table.held_bytes() >= table.size() * sizeof(Table::Slot) * 4 / 3);

  if (random.OneIn(2)) {
    table.Reset();
  } else {
    table.Clear();
    CHECK_EQ(table.held_bytes(), 0u);
  }
  map.clear();
  check_all();
}

TEST("table: like std::unordered_map, with tags as they are") {
  const TagHasher hasher;
  for (const size_t count : {1, 6, 7, 100, 5000}) {
    CompareWithMap(random, count, Rounds(20'000),
                   [&](size_t i) { return hasher(Entries::DigestOf(i)); });
  }
}

TEST("table: entries that share a tag") {
  for (const Tag tags : {1u, 2u, 5u}) {
    CompareWithMap(random, 40, Rounds(20'000),
                   [=](size_t i) { return static_cast<Tag>(i % tags) * 0x9e3779b9; });
  }
}

// Homes in a few neighbouring slots, before and after the table's end: every
// removal moves others, also around the end.
TEST("table: runs of entries that have to make place, around the end too") {
  for (const Tag first : {0u, 0xfffffffcu, 3u}) {
    CompareWithMap(random, 60, Rounds(20'000), [=](size_t i) {
      return first + static_cast<Tag>(i % 7) + (static_cast<Tag>(i) << 8 & 0xff0000);
    });
  }
}

TEST("table: what is reserved can be inserted without growing") {
  const Entries entries(3000);
  for (const size_t count : {1, 2, 3, 5, 6, 7, 11, 12, 13, 100, 767, 768, 769, 3000}) {
    Table table;
    CHECK(table.Reserve(count));
    const size_t held = table.held_bytes();
    for (size_t i = 0; i < count; i++) table.Insert(static_cast<Tag>(i * 77), entries.at(i));
    CHECK_EQ(table.held_bytes(), held);
    CHECK(count * 4 <= held / sizeof(Table::Slot) * 3);
    CHECK(held / sizeof(Table::Slot) <= std::max<size_t>(8, count * 8 / 3 + 2));
  }
}

TEST("table: a reset keeps little memory") {
  const Entries entries(3000);
  Table table;
  for (const size_t count : {10, 3000, 10}) {
    CHECK(table.Reserve(count));
    for (size_t i = 0; i < count; i++) table.Insert(static_cast<Tag>(i), entries.at(i));
    table.Reset();
    CHECK_EQ(table.size(), 0u);
    CHECK(table.held_bytes() <= 8192);
    for (size_t i = 0; i < count; i++) {
      CHECK(table.Find(entries.heap(), Entries::DigestOf(i), static_cast<Tag>(i)) == nullptr);
    }
  }
}

// Every reset walks through all the slots.
TEST("table: a reset after few entries keeps few slots") {
  const Entries entries(500);
  Table table;
  for (const size_t count : {500, 1}) {
    CHECK(table.Reserve(count));
    for (size_t i = 0; i < count; i++) table.Insert(static_cast<Tag>(i), entries.at(i));
    table.Reset();
  }
  CHECK(table.held_bytes() <= 256);
}

}  // namespace
}  // namespace memdb::test
