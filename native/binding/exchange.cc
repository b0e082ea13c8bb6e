#include "exchange.h"

namespace memdb {

std::span<uint8_t> Exchange::room() const {
  const auto position = static_cast<size_t>(word(kSlabPosition));
  return position <= slab_.size() ? slab_.subspan(position) : std::span<uint8_t>();
}

bool Exchange::Locate(int32_t at, Digest* digest) const {
  const uint8_t* input = memory_ + kInput;
  return Climb(at & 0xff, static_cast<uint32_t>(at) >> 8, &input, digest);
}

bool Exchange::LocateMany(size_t count, std::vector<Digest>* digests) const {
  digests->resize(count);
  const uint8_t* input = memory_ + kInput;
  for (Digest& digest : *digests) {
    if (end() - input < 2) return false;
    const size_t first = *input++;
    const size_t parts = *input++;
    if (first != kKeptRung) {
      if (!Climb(first, parts, &input, &digest)) return false;
    } else {
      if (static_cast<size_t>(end() - input) < sizeof(Digest)) return false;
      digest = Digest::Load(input);
      input += sizeof(Digest);
    }
  }
  return true;
}

bool Exchange::Climb(size_t first, size_t parts, const uint8_t** input, Digest* digest) const {
  if (first >= kRungs || parts >= kRungs - first) return false;
  *digest = Digest::Load(rung(first));
  const uint8_t* next = *input;
  for (size_t i = 1; i <= parts; i++) {
    // A varint length. Most are a byte.
    size_t length = 0;
    for (int shift = 0;; shift += 7) {
      if (next == end() || shift > 28) return false;
      const uint8_t byte = *next++;
      length |= size_t{byte & 0x7fu} << shift;
      if (byte < 0x80) break;
    }
    if (length > static_cast<size_t>(end() - next)) return false;
    *digest = digest->Extend({next, length});
    digest->Store(rung(first + i));
    next += length;
  }
  *input = next;
  return true;
}

}  // namespace memdb
