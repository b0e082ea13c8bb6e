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
  Digest rung(size_t index) const {
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

int32_t At(size_t from, size_t parts, size_t stem = 0) {
  return static_cast<int32_t>(from | parts << Exchange::kFromBits |
                              stem << (Exchange::kFromBits + Exchange::kPartsBits));
}

uint8_t* WriteAt(uint8_t* to, int32_t at) {
  for (int shift = 0; shift < 32; shift += 8) *to++ = static_cast<uint8_t>(at >> shift);
  return to;
}

TEST("exchange: a key is hashed from its rung on, every digest left on its own") {
  Memory memory;
  std::vector<Digest> digests = {Digest{}};
  for (int round = 0; round < 500; round++) {
    const size_t first = random.Below(digests.size());
    const size_t parts = random.Below(Exchange::kKeptRung - first);
    digests.resize(first + 1);
    uint8_t* next = memory.input();
    for (size_t i = 0; i < parts; i++) {
      const auto part = random.Bytes(random.OneIn(10) ? random.Below(1500) : random.Below(70));
      digests.push_back(digests.back().Extend(part));
      next = WritePart(next, part);
    }
    Digest digest;
    CHECK(memory.exchange().Locate(At(first, parts), &digest));
    CHECK(digest == digests.back());
    for (size_t i = 0; i < digests.size(); i++) CHECK(memory.rung(i) == digests[i]);
  }
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
    const size_t parts =
        static_cast<uint32_t>(at) >> Exchange::kFromBits & ((1u << Exchange::kPartsBits) - 1);
    const size_t stem = static_cast<uint32_t>(at) >> (Exchange::kFromBits + Exchange::kPartsBits);
    Digest digest;
    const bool located = exchange.Locate(at, &digest);
    if (from >= Exchange::kRungs || stem >= Exchange::kRungs) CHECK(!located);
    if (from < Exchange::kKeptRung && from + parts > Exchange::kKeptRung) CHECK(!located);
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

TEST("exchange: many keys, by parts, from a stem or by digest") {
  Memory memory;
  uint8_t* next = memory.input();
  std::vector<Digest> expected;
  Digest ladder[5] = {};
  constexpr size_t kStems = 3;
  std::optional<Digest> stems[kStems];
  for (size_t i = 0; i < 300; i++) {
    const size_t stem = random.Below(kStems);
    const size_t stem_rung = Exchange::kRungs - 1 - stem;
    if (random.OneIn(3)) {
      const auto bytes = random.Bytes(sizeof(Digest));
      next = WriteAt(next, At(Exchange::kKeptRung, 0));
      next = std::copy(bytes.begin(), bytes.end(), next);
      expected.push_back(Digest::Load(bytes.data()));
    } else if (stems[stem] && random.OneIn(2)) {
      Digest digest = *stems[stem];
      const size_t parts = random.Below(3);
      next = WriteAt(next, At(stem_rung, parts));
      for (size_t part = 0; part < parts; part++) {
        const auto bytes = random.Bytes(random.Below(40));
        digest = digest.Extend(bytes);
        next = WritePart(next, bytes);
      }
      expected.push_back(digest);
    } else {
      const size_t parts = random.Below(4);
      const bool keep = parts > 0 && random.OneIn(2);
      next = WriteAt(next, At(0, parts, keep ? stem_rung : 0));
      for (size_t part = 1; part <= parts; part++) {
        const auto bytes = random.Bytes(random.Below(40));
        ladder[part] = ladder[part - 1].Extend(bytes);
        next = WritePart(next, bytes);
      }
      if (keep) stems[stem] = ladder[parts - 1];
      expected.push_back(ladder[parts]);
    }
  }
  std::vector<Digest> digests;
  CHECK(memory.exchange().LocateMany(expected.size(), &digests));
  CHECK(digests == expected);
}

TEST("exchange: a key from a stem leaves the ladder as it is, and its digest on its own rung") {
  Memory memory;
  const auto front = random.Bytes(20);
  const auto end = random.Bytes(9);
  Digest digest;
  WritePart(WritePart(memory.input(), front), end);
  CHECK(memory.exchange().Locate(At(0, 2, Exchange::kStemRung), &digest));
  const Digest expected = Digest{}.Extend(front).Extend(end);
  CHECK(digest == expected);
  CHECK(memory.rung(2) == expected);
  CHECK(memory.rung(Exchange::kStemRung) == Digest{}.Extend(front));

  const auto other = random.Bytes(9);
  WritePart(memory.input(), other);
  CHECK(memory.exchange().Locate(At(Exchange::kStemRung, 1), &digest));
  CHECK(digest == Digest{}.Extend(front).Extend(other));
  CHECK(memory.rung(Exchange::kKeptRung) == digest);
  CHECK(memory.rung(2) == expected);
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
