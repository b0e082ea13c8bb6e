#include "core/digest.h"

#include <algorithm>
#include <vector>

#include "check.h"
#include "core/shard.h"

namespace memdb::test {
namespace {

TEST("digest: equal when all 256 bits are") {
  const auto bytes = random.Bytes(sizeof(Digest));
  const Digest digest = Digest::Load(bytes.data());
  CHECK(digest == Digest::Load(bytes.data()));
  std::vector<uint8_t> stored(sizeof(Digest));
  digest.Store(stored.data());
  CHECK(stored == bytes);
  for (size_t bit = 0; bit < 256; bit++) {
    auto other = bytes;
    other[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    CHECK(!(Digest::Load(other.data()) == digest));
  }
}

TEST("digest: tags differ from store to store") {
  const TagHasher one;
  const TagHasher other;
  int same = 0;
  for (uint64_t i = 0; i < 1000; i++) {
    const Digest digest{{random.Next(), random.Next(), random.Next(), random.Next()}};
    CHECK_EQ(one(digest), one(digest));
    if (one(digest) == other(digest)) same++;
  }
  CHECK(same < 10);
}

// What a caller can make of Key.fromHash: digests that differ in few bits.
TEST("digest: tags of chosen digests spread over shards and buckets") {
  constexpr size_t kCount = 1 << 16;
  constexpr size_t kMean = kCount / kShards;
  for (int word = 0; word < 4; word++) {
    for (const int shift : {0, 20, 48}) {
      const TagHasher hasher;
      std::vector<size_t> shards(kShards);
      std::vector<size_t> buckets(kShards);
      for (uint64_t i = 0; i < kCount; i++) {
        Digest digest{};
        digest.words[word] = i << shift;
        const Tag tag = hasher(digest);
        shards[ShardOf(tag)]++;
        buckets[tag % kShards]++;
      }
      CHECK(std::ranges::max(shards) < 2 * kMean);
      CHECK(std::ranges::max(buckets) < 2 * kMean);
    }
  }
}

TEST("digest: random bytes are not the same twice") {
  uint8_t one[32] = {};
  uint8_t other[32] = {};
  RandomBytes(one);
  RandomBytes(other);
  CHECK(!std::ranges::equal(one, other));
}

}  // namespace
}  // namespace memdb::test
