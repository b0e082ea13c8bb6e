#ifndef MEMDB_CORE_DIGEST_H_
#define MEMDB_CORE_DIGEST_H_

#include <cstdint>
#include <cstring>
#include <span>

namespace memdb {

// The 32 bytes that stand for a key.
struct Digest {
  uint64_t words[4];

  friend bool operator==(const Digest& a, const Digest& b) {
    return ((a.words[0] ^ b.words[0]) | (a.words[1] ^ b.words[1]) | (a.words[2] ^ b.words[2]) |
            (a.words[3] ^ b.words[3])) == 0;
  }

  static Digest Load(const uint8_t* bytes) {
    Digest digest;
    std::memcpy(digest.words, bytes, sizeof digest.words);
    return digest;
  }
  void Store(uint8_t* bytes) const { std::memcpy(bytes, words, sizeof words); }

  // SHA-256(this || part): the digest of a key that has one more part.
  Digest Extend(std::span<const uint8_t> part) const;
};

static_assert(sizeof(Digest) == 32);

// Where a digest's entry stands in the tables. The top 8 bits choose the shard, the low
// ones the bucket. All bits are compared before an entry is read.
using Tag = uint32_t;

// Turns digests into tags. SHA-256 makes uniform digests, but a caller may choose others,
// and can search for chosen prefixes of SHA-256. So each store has a random secret, which
// decides which digests share a bucket.
class TagHasher {
 public:
  TagHasher();
  Tag operator()(const Digest& digest) const {
    const uint64_t mixed =
        Fold(digest.words[0] ^ secret_.words[0], digest.words[1] ^ secret_.words[1]) ^
        Fold(digest.words[2] ^ secret_.words[2], digest.words[3] ^ secret_.words[3]);
    // Once more, with the golden ratio: otherwise consecutive digests collide under some secrets.
    const uint64_t spread = Fold(mixed, 0x9e3779b97f4a7c15);
    return static_cast<Tag>(spread ^ (spread >> 32));
  }

 private:
  // The 128-bit product, its halves xored.
  static uint64_t Fold(uint64_t a, uint64_t b);

  Digest secret_;
};

// Fills bytes from the random source of the OS.
void RandomBytes(std::span<uint8_t> bytes);

#if defined(__SIZEOF_INT128__)
inline uint64_t TagHasher::Fold(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}
#endif

}  // namespace memdb

#endif  // MEMDB_CORE_DIGEST_H_
