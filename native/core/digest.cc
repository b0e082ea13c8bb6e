#include "digest.h"

#include <algorithm>
#include <random>

#include "sha256.h"

#if !defined(__SIZEOF_INT128__)
#include <intrin.h>
#endif

namespace memdb {

Digest Digest::Extend(std::span<const uint8_t> part) const {
  constexpr size_t kBlock = 64;
  constexpr size_t kTrailer = 9;  // the bit 1 and the length
  const uint64_t bits = (sizeof(Digest) + part.size()) * 8;
  Sha256State state = kSha256Start;
  alignas(16) uint8_t block[2 * kBlock];

  // The first block holds the digest and as much of the part as fits.
  Store(block);
  std::memset(block + sizeof(Digest), 0, kBlock - sizeof(Digest));
  const size_t fitting = std::min(part.size(), kBlock - sizeof(Digest));
  if (fitting != 0) std::memcpy(block + sizeof(Digest), part.data(), fitting);
  size_t used = sizeof(Digest) + fitting;
  if (used + kTrailer <= kBlock) {
    // Nearly every part is short: two bytes hold the number of its bits.
    block[used] = 0x80;
    block[kBlock - 2] = static_cast<uint8_t>(bits >> 8);
    block[kBlock - 1] = static_cast<uint8_t>(bits);
    Sha256Compress(state, block, 1);
    return Sha256Finish(state);
  }

  std::memset(block + kBlock, 0, kBlock);
  if (used == kBlock) {
    Sha256Compress(state, block, 1);
    const auto rest = part.subspan(fitting);
    const size_t whole = rest.size() / kBlock;
    Sha256Compress(state, rest.data(), whole);
    used = rest.size() - whole * kBlock;
    std::memset(block, 0, kBlock);
    if (used != 0) std::memcpy(block, rest.data() + whole * kBlock, used);
  }
  block[used] = 0x80;
  const size_t blocks = used + kTrailer <= kBlock ? 1 : 2;
  uint8_t* const end = block + blocks * kBlock;
  for (int i = 0; i < 8; i++) end[-1 - i] = static_cast<uint8_t>(bits >> (8 * i));
  Sha256Compress(state, block, blocks);
  return Sha256Finish(state);
}

TagHasher::TagHasher() {
  uint8_t bytes[sizeof(Digest)];
  RandomBytes(bytes);
  secret_ = Digest::Load(bytes);
}

#if !defined(__SIZEOF_INT128__)
uint64_t TagHasher::Fold(uint64_t a, uint64_t b) {
  uint64_t high;
  const uint64_t low = _umul128(a, b, &high);
  return low ^ high;
}
#endif

void RandomBytes(std::span<uint8_t> bytes) {
  std::random_device source;
  while (!bytes.empty()) {
    const uint32_t word = source();
    const size_t size = std::min(bytes.size(), sizeof word);
    std::memcpy(bytes.data(), &word, size);
    bytes = bytes.subspan(size);
  }
}

}  // namespace memdb
