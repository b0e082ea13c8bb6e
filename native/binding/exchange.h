#ifndef MEMDB_BINDING_EXCHANGE_H_
#define MEMDB_BINDING_EXCHANGE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "core/digest.h"

namespace memdb {

// The memory through which keys and values pass between JavaScript and the core;
// lib/engine/exchange.ts describes it and owns the layout (constants.cc compares the two).
// Nothing in it is trusted: a position or length outside its region is refused.
class Exchange {
 public:
  // Changes with every change of the layout, of a status, of the order of stats, or of a function.
  static constexpr int32_t kLayout = 7;

  // Digest slots.
  static constexpr size_t kStart = 0;
  static constexpr size_t kLocated = 1;
  static constexpr size_t kFirstParent = 2;
  static constexpr size_t kParentCount = 4096;
  static constexpr size_t kSlots = kFirstParent + kParentCount;

  static constexpr size_t kDigests = 64;
  static constexpr size_t kResults = kDigests + kSlots * sizeof(Digest);
  static constexpr size_t kResultCount = 2048;
  static constexpr size_t kKey = kResults + kResultCount * sizeof(int32_t);
  static constexpr size_t kKeySize = 4096;
  static constexpr size_t kValue = kKey + kKeySize;
  static constexpr size_t kValueSize = 16384;
  static constexpr size_t kInput = kValue + kValueSize;
  static constexpr size_t kInputSize = 65536;
  static constexpr size_t kSize = kInput + kInputSize;

  // Words of the header.
  static constexpr size_t kSlabPosition = 0;
  static constexpr size_t kNeeded = 1;
  static constexpr size_t kHolder = 2;
  static constexpr size_t kRequest = 3;
  static constexpr size_t kStoreId = 4;
  static constexpr size_t kArguments = 8;
  static constexpr size_t kArgumentCount = 4;
  static constexpr size_t kAnswer = 12;
  static constexpr size_t kHashed = 13;
  // A double, in two words.
  static constexpr size_t kNumber = 14;

  // Bits of `at`.
  static constexpr int kFromBits = 13;
  static constexpr int kPartsBits = 6;

  // `memory` has kSize bytes and outlives the exchange.
  explicit Exchange(uint8_t* memory) : memory_(memory) {}

  int32_t& word(size_t index) const { return words()[index]; }
  double number() const {
    double number;
    std::memcpy(&number, words() + kNumber, sizeof number);
    return number;
  }
  void set_number(double number) const { std::memcpy(words() + kNumber, &number, sizeof number); }
  void UseSlab(std::span<uint8_t> slab) { slab_ = slab; }
  // What is free of the slab.
  std::span<uint8_t> room() const;
  std::span<int32_t> results() const {
    return {reinterpret_cast<int32_t*>(memory_ + kResults), kResultCount};
  }

  std::span<uint8_t> input() const { return {memory_ + kInput, kInputSize}; }

  // The first bytes of a region, or of null address when there are not so many.
  std::span<const uint8_t> key(int32_t length) const { return Part(kKey, kKeySize, length); }
  std::span<const uint8_t> value(int32_t length) const { return Part(kValue, kValueSize, length); }

  // Hashes the key at `at` (see lib/engine/exchange.ts), and notes that the request is hashed.
  // Returns false if there is no key.
  bool Locate(int32_t at, Digest* digest) const;
  // The same for the keys in the first `count` records of the input.
  bool LocateMany(size_t count, std::vector<Digest>* digests) const;

 private:
  int32_t* words() const { return reinterpret_cast<int32_t*>(memory_); }
  uint8_t* slot(size_t index) const { return memory_ + kDigests + index * sizeof(Digest); }
  const uint8_t* end() const { return memory_ + kSize; }
  std::span<const uint8_t> Part(size_t region, size_t size, int32_t length) const {
    if (length < 0 || static_cast<size_t>(length) > size) return {};
    return {memory_ + region, static_cast<size_t>(length)};
  }
  // Continues *digest with the parts that `at` counts, which begin at *input; moves *input behind
  // them. Keeps the digest of all parts but the last, if `at` names a slot for it.
  bool Continue(uint32_t at, const uint8_t** input, Digest* digest) const;

  uint8_t* const memory_;
  std::span<uint8_t> slab_;
};

}  // namespace memdb

#endif  // MEMDB_BINDING_EXCHANGE_H_
