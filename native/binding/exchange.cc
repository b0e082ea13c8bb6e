#include "exchange.h"

namespace memdb {

std::span<uint8_t> Exchange::room() const {
  const auto position = static_cast<size_t>(word(kSlabPosition));
  return position <= slab_.size() ? slab_.subspan(position) : std::span<uint8_t>();
}

bool Exchange::Locate(int32_t at, Digest* digest) const {
  const uint8_t* input = memory_ + kInput;
  return Climb(static_cast<uint32_t>(at), &input, digest);
}

bool Exchange::LocateMany(size_t count, std::vector<Digest>* digests) const {
  digests->resize(count);
  const uint8_t* input = memory_ + kInput;
  for (Digest& digest : *digests) {
    if (end() - input < 4) return false;
    const uint32_t at = uint32_t{input[0]} | uint32_t{input[1]} << 8 | uint32_t{input[2]} << 16 |
                        uint32_t{input[3]} << 24;
    input += 4;
    if (at != kKeptRung) {
      if (!Climb(at, &input, &digest)) return false;
    } else {
      if (static_cast<size_t>(end() - input) < sizeof(Digest)) return false;
      digest = Digest::Load(input);
      input += sizeof(Digest);
    }
  }
  return true;
}

bool Exchange::Climb(uint32_t at, const uint8_t** input, Digest* digest) const {
  const size_t from = at & ((1u << kFromBits) - 1);
  const size_t parts = at >> kFromBits & ((1u << kPartsBits) - 1);
  const size_t stem = at >> (kFromBits + kPartsBits);
  const bool on_ladder = from < kKeptRung;
  if (from >= kRungs || stem >= kRungs || (on_ladder && parts > kKeptRung - from)) return false;
  *digest = Digest::Load(rung(from));
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
    if (i == parts && stem != 0) digest->Store(rung(stem));
    *digest = digest->Extend({next, length});
    if (on_ladder) digest->Store(rung(from + i));
    next += length;
  }
  if (!on_ladder) digest->Store(rung(kKeptRung));
  *input = next;
  return true;
}

}  // namespace memdb
