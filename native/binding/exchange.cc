#include "exchange.h"

namespace memdb {

std::span<uint8_t> Exchange::room() const {
  const auto position = static_cast<size_t>(word(kSlabPosition));
  return position <= slab_.size() ? slab_.subspan(position) : std::span<uint8_t>();
}

namespace {

size_t FromOf(uint32_t at) {
  return at & ((1u << Exchange::kFromBits) - 1);
}

}  // namespace

bool Exchange::Locate(int32_t position, Digest* digest) const {
  const auto at = static_cast<uint32_t>(position);
  const size_t from = FromOf(at);
  if (from >= kSlots) return false;
  *digest = Digest::Load(slot(from));
  const uint8_t* input = memory_ + kInput;
  if (!Continue(at, &input, digest)) return false;
  digest->Store(slot(kLocated));
  word(kHashed) = word(kRequest);
  return true;
}

bool Exchange::LocateMany(size_t count, std::vector<Digest>* digests) const {
  digests->resize(count);
  const uint8_t* input = memory_ + kInput;
  for (Digest& digest : *digests) {
    if (end() - input < 4) return false;
    const uint32_t at = uint32_t{input[0]} | uint32_t{input[1]} << 8 | uint32_t{input[2]} << 16 |
                        uint32_t{input[3]} << 24;
    input += 4;
    const size_t from = FromOf(at);
    if (from >= kSlots) return false;
    if (from == kLocated) {
      if (static_cast<size_t>(end() - input) < sizeof(Digest)) return false;
      digest = Digest::Load(input);
      input += sizeof(Digest);
    } else {
      digest = Digest::Load(slot(from));
    }
    if (!Continue(at, &input, &digest)) return false;
  }
  word(kHashed) = word(kRequest);
  return true;
}

bool Exchange::Continue(uint32_t at, const uint8_t** input, Digest* digest) const {
  const size_t parts = at >> kFromBits & ((1u << kPartsBits) - 1);
  const size_t keep = at >> (kFromBits + kPartsBits);
  if (keep >= kSlots) return false;
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
    if (i == parts && keep != kStart) digest->Store(slot(keep));
    *digest = digest->Extend({next, length});
    next += length;
  }
  *input = next;
  return true;
}

}  // namespace memdb
