#ifndef MEMDB_CORE_SHA256_H_
#define MEMDB_CORE_SHA256_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "digest.h"

namespace memdb {

// SHA-256 (FIPS 180-4), block by block. The caller adds the padding.
using Sha256State = std::array<uint32_t, 8>;

inline constexpr Sha256State kSha256Start = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

extern const std::array<uint32_t, 64> kSha256RoundConstants;

// Hashes `count` blocks of 64 bytes into the state, with the CPU's own instructions if it
// has them.
void Sha256Compress(Sha256State& state, const uint8_t* blocks, size_t count);

// Returns the state as a digest.
Digest Sha256Finish(const Sha256State& state);

// The forms that Sha256Compress chooses from. For tests.
using Sha256Function = void (*)(Sha256State&, const uint8_t*, size_t);
void Sha256CompressPortable(Sha256State& state, const uint8_t* blocks, size_t count);
// The form that uses the CPU's instructions, or null if the CPU has none.
Sha256Function Sha256Accelerated();

}  // namespace memdb

#endif  // MEMDB_CORE_SHA256_H_
