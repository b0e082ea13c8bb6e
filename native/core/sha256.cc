#include "sha256.h"

#include <bit>
#include <cstring>

namespace memdb {

const std::array<uint32_t, 64> kSha256RoundConstants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

namespace {

uint32_t LoadBigEndian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

// Of two 32-bit words, each by itself.
uint64_t ReverseBytes(uint64_t pair) {
  pair = (pair & 0x00ff00ff00ff00ff) << 8 | (pair >> 8 & 0x00ff00ff00ff00ff);
  return (pair & 0x0000ffff0000ffff) << 16 | (pair >> 16 & 0x0000ffff0000ffff);
}

const Sha256Function kCompress = [] {
  const Sha256Function accelerated = Sha256Accelerated();
  return accelerated != nullptr ? accelerated : &Sha256CompressPortable;
}();

}  // namespace

void Sha256CompressPortable(Sha256State& state, const uint8_t* blocks, size_t count) {
  for (; count > 0; count--, blocks += 64) {
    uint32_t schedule[64];
    for (size_t i = 0; i < 16; i++) schedule[i] = LoadBigEndian(blocks + 4 * i);
    for (size_t i = 16; i < 64; i++) {
      const uint32_t a = schedule[i - 15];
      const uint32_t b = schedule[i - 2];
      schedule[i] = schedule[i - 16] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ (a >> 3)) +
                    schedule[i - 7] + (std::rotr(b, 17) ^ std::rotr(b, 19) ^ (b >> 10));
    }
    auto [a, b, c, d, e, f, g, h] = state;
    for (size_t i = 0; i < 64; i++) {
      const uint32_t t1 = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                          ((e & f) ^ (~e & g)) + kSha256RoundConstants[i] + schedule[i];
      const uint32_t t2 =
          (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = b;
      b = a;
      a = t1 + t2;
    }
    const Sha256State added = {a, b, c, d, e, f, g, h};
    for (size_t i = 0; i < 8; i++) state[i] += added[i];
  }
}

void Sha256Compress(Sha256State& state, const uint8_t* blocks, size_t count) {
  kCompress(state, blocks, count);
}

Digest Sha256Finish(const Sha256State& state) {
  Digest digest;
  std::memcpy(&digest, state.data(), sizeof digest);
  if constexpr (std::endian::native == std::endian::little) {
    // Two words at a time, as they were just stored: reading halves of them together would wait
    // for the stores.
    for (uint64_t& pair : digest.words) pair = ReverseBytes(pair);
  }
  return digest;
}

}  // namespace memdb
