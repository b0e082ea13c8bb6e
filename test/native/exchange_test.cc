#include "binding/exchange.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "binding/id_table.h"
#include "check.h"
#include "memory.h"

namespace memdb::test {
namespace {

// An exchange in memory of exactly its size, so that AddressSanitizer sees a step
// outside.
class Memory {
 public:
  Memory() : bytes_(Exchange::kSize), exchange_(bytes_.data()) {}

  Exchange& exchange() { return exchange_; }
  uint8_t* input() { return bytes_.data() + Exchange::kInput; }
  Digest slot(size_t index) const {
    return Digest::Load(bytes_.data() + Exchange::kDigests + index * sizeof(Digest));
  }
  void Scramble(Random& random) {
    for (uint8_t& byte : bytes_) byte = static_cast<uint8_t>(random.Next());
  }

 private:
  std::vector<uint8_t> bytes_;
  Exchange exchange_;
};

// A varint length and the bytes.
uint8_t* WritePart(uint8_t* to, const std::vector<uint8_t>& part) {
  size_t length = part.size();
  for (; length >= 0x80; length >>= 7) *to++ = static_cast<uint8_t>(length | 0x80);
  *to++ = static_cast<uint8_t>(length);
  return std::copy(part.begin(), part.end(), to);
}

int32_t At(size_t from, size_t parts, size_t keep = 0) {
  return static_cast<int32_t>(from | parts << Exchange::kFromBits |
                              keep << (Exchange::kFromBits + Exchange::kPartsBits));
}

uint8_t* WriteAt(uint8_t* to, int32_t at) {
  for (int shift = 0; shift < 32; shift += 8) *to++ = static_cast<uint8_t>(at >> shift);
  return to;
}

// Writes that many random parts to the input; returns the digest that they continue `from` to.
Digest WriteParts(Memory& memory, Random& random, size_t count, Digest from, Digest* parent) {
  uint8_t* next = memory.input();
  for (size_t i = 0; i < count; i++) {
    const auto part = random.Bytes(random.OneIn(10) ? random.Below(1500) : random.Below(70));
    *parent = from;
    from = from.Extend(part);
    next = WritePart(next, part);
  }
  return from;
}

TEST("exchange: a key is hashed from its slot on, and its parent kept where that is asked for") {
  Memory memory;
  // What each slot must hold.
  std::vector<Digest> slots(Exchange::kSlots);
  std::vector<size_t> filled = {Exchange::kStart};
  for (int round = 0; round < 500; round++) {
    const size_t from = random.Pick(filled);
    const size_t parts = random.Below(20);
    const bool keep = parts > 0 && random.OneIn(2);
    const size_t kept = Exchange::kFirstParent + random.Below(Exchange::kParentCount);
    Digest parent;
    const Digest expected = WriteParts(memory, random, parts, slots[from], &parent);
    const int32_t request = memory.exchange().word(Exchange::kRequest) = round + 1;

    Digest digest;
    CHECK(memory.exchange().Locate(At(from, parts, keep ? kept : 0), &digest));
    CHECK(digest == expected);
    CHECK_EQ(memory.exchange().word(Exchange::kHashed), request);
    slots[Exchange::kLocated] = expected;
    if (keep) {
      slots[kept] = parent;
      filled.push_back(kept);
    }
    filled.push_back(Exchange::kLocated);
    for (const size_t slot : filled) CHECK(memory.slot(slot) == slots[slot]);
  }
}

TEST("exchange: a request that cannot be hashed is not noted as hashed") {
  Memory memory;
  memory.exchange().word(Exchange::kRequest) = 7;
  Digest digest;
  std::vector<Digest> digests;
  std::memset(memory.input(), 0xff, Exchange::kInputSize);
  CHECK(!memory.exchange().Locate(At(Exchange::kStart, 1), &digest));
  CHECK(!memory.exchange().Locate(At(Exchange::kSlots, 0), &digest));
  CHECK(!memory.exchange().LocateMany(1, &digests));
  CHECK_EQ(memory.exchange().word(Exchange::kHashed), 0);
}

TEST("exchange: a part may end with the input, and not after it") {
  Memory memory;
  Digest digest;
  // Three bytes of length, and all the rest.
  const std::vector<uint8_t> whole(Exchange::kInputSize - 3, 7);
  CHECK(WritePart(memory.input(), whole) == memory.input() + Exchange::kInputSize);
  CHECK(memory.exchange().Locate(At(0, 1), &digest));
  CHECK(digest == Digest{}.Extend(whole));
  CHECK(!memory.exchange().Locate(At(0, 2), &digest));
  memory.input()[0]++;
  CHECK(!memory.exchange().Locate(At(0, 1), &digest));
  // A length that does not end.
  std::memset(memory.input(), 0xff, Exchange::kInputSize);
  CHECK(!memory.exchange().Locate(At(0, 1), &digest));
}

TEST("exchange: no position, length or content leads outside") {
  Memory memory;
  Exchange& exchange = memory.exchange();
  std::vector<Digest> digests;
  for (int round = 0; round < Rounds(3000); round++) {
    if (round % 64 == 0) memory.Scramble(random);
    const auto any = [&] {
      return static_cast<int32_t>(random.OneIn(2) ? random.Next() : random.Below(1 << 16));
    };
    const int32_t at = any();
    const size_t from = at & 0x1fff;
    const size_t keep = static_cast<uint32_t>(at) >> (Exchange::kFromBits + Exchange::kPartsBits);
    Digest digest;
    const bool located = exchange.Locate(at, &digest);
    if (from >= Exchange::kSlots || keep >= Exchange::kSlots) CHECK(!located);
    exchange.LocateMany(random.Below(Exchange::kResultCount + 1), &digests);

    for (const int32_t length : {any(), -1, 0, 4096, 4097, 16384, 16385}) {
      const auto key = exchange.key(length);
      CHECK_EQ(key.data() != nullptr, length >= 0 && length <= 4096);
      const auto value = exchange.value(length);
      CHECK_EQ(value.data() != nullptr, length >= 0 && length <= 16384);
      uint8_t sum = 0;
      for (const uint8_t byte : key) sum ^= byte;
      for (const uint8_t byte : value) sum ^= byte;
      CHECK(sum == 0 || !key.empty() || !value.empty());
    }

    std::vector<uint8_t> slab(random.Below(100));
    exchange.UseSlab(slab);
    const int32_t position = exchange.word(Exchange::kSlabPosition) =
        random.OneIn(2) ? any() : static_cast<int32_t>(random.Below(120));
    const bool inside = position >= 0 && static_cast<size_t>(position) <= slab.size();
    CHECK_EQ(exchange.room().size(), inside ? slab.size() - static_cast<size_t>(position) : 0);
  }
}

TEST("exchange: many keys, from the start, from a parent or from a digest of their own") {
  Memory memory;
  uint8_t* next = memory.input();
  std::vector<Digest> expected;
  constexpr size_t kParents = 3;
  std::optional<Digest> parents[kParents];
  for (size_t i = 0; i < 300; i++) {
    const size_t parent = random.Below(kParents);
    const size_t slot = Exchange::kSlots - 1 - parent;
    size_t from = Exchange::kStart;
    Digest digest{};
    if (random.OneIn(3)) {
      from = Exchange::kLocated;
    } else if (parents[parent] && random.OneIn(2)) {
      from = slot;
      digest = *parents[parent];
    }
    const size_t parts = random.Below(4);
    const bool keep = parts > 0 && random.OneIn(2);
    next = WriteAt(next, At(from, parts, keep ? slot : 0));
    if (from == Exchange::kLocated) {
      const auto bytes = random.Bytes(sizeof(Digest));
      digest = Digest::Load(bytes.data());
      next = std::copy(bytes.begin(), bytes.end(), next);
    }
    for (size_t part = 1; part <= parts; part++) {
      const auto bytes = random.Bytes(random.Below(40));
      if (keep && part == parts) parents[parent] = digest;
      digest = digest.Extend(bytes);
      next = WritePart(next, bytes);
    }
    expected.push_back(digest);
  }
  memory.exchange().word(Exchange::kRequest) = 9;
  std::vector<Digest> digests;
  CHECK(memory.exchange().LocateMany(expected.size(), &digests));
  CHECK(digests == expected);
  CHECK_EQ(memory.exchange().word(Exchange::kHashed), 9);
}

TEST("id_table: an id finds what it was given for, until that is removed") {
  IdTable<int> table;
  std::vector<std::pair<int32_t, int>> used;
  for (int round = 0; round < 20'000; round++) {
    if (random.OneIn(2) || used.empty()) {
      if (random.OneIn(2)) table.Reserve();
      used.emplace_back(table.Add(round), round);
    } else if (random.OneIn(50)) {
      const int limit = static_cast<int>(random.Below(static_cast<size_t>(round)));
      table.RemoveIf([=](int item) { return item < limit; });
      std::erase_if(used, [=](const auto& pair) { return pair.second < limit; });
    } else {
      std::swap(random.Pick(used), used.back());
      table.Remove(used.back().first);
      CHECK(table.Find(used.back().first) == nullptr);
      used.pop_back();
    }
    for (const int32_t id : {-1, INT32_MIN, INT32_MAX}) CHECK(table.Find(id) == nullptr);
    if (round % 100 != 0) continue;
    for (const auto& [id, item] : used) {
      CHECK(table.Find(id) != nullptr);
      CHECK_EQ(*table.Find(id), item);
    }
  }
}

TEST("id_table: with room made, adding takes no memory; removing never does") {
  IdTable<int> table;
  for (int round = 0; round < 200; round++) {
    table.Reserve();
    const FailingAllocation failing(0);
    CHECK_EQ(table.Add(round), round);
  }
  const FailingAllocation failing(0);
  for (int32_t id = 0; id < 200; id++) table.Remove(id);
  CHECK(!failing.failed());
}

}  // namespace
}  // namespace memdb::test
