#include "read_set.h"

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

namespace memdb {

void ReadSet::Add(const Digest& digest, Tag tag) try {
  if (Contains(digest, tag)) return;
  keys_.push_back({digest, tag});
  if (places_.empty() ? keys_.size() <= kFew : keys_.size() * 2 <= places_.size()) {
    if (places_.empty()) return;
    const size_t mask = places_.size() - 1;
    size_t place = tag & mask;
    while (places_[place] != 0) place = (place + 1) & mask;
    places_[place] = static_cast<uint32_t>(keys_.size());
  } else {
    Grow();
  }
} catch (const std::bad_alloc&) {
  scanned_ = true;
}

bool ReadSet::Contains(const Digest& digest, Tag tag) const {
  const auto is_key = [&](const Key& key) { return key.tag == tag && key.digest == digest; };
  if (places_.empty()) return std::any_of(keys_.begin(), keys_.end(), is_key);
  const size_t mask = places_.size() - 1;
  for (size_t place = tag & mask; places_[place] != 0; place = (place + 1) & mask) {
    if (is_key(keys_[places_[place] - 1])) return true;
  }
  return false;
}

void ReadSet::Grow() {
  // By the number of keys: there may have been no memory for this before.
  std::vector<uint32_t> places(std::bit_ceil(keys_.size() * 4));
  const size_t mask = places.size() - 1;
  for (size_t i = 0; i < keys_.size(); i++) {
    size_t place = keys_[i].tag & mask;
    while (places[place] != 0) place = (place + 1) & mask;
    places[place] = static_cast<uint32_t>(i + 1);
  }
  places_ = std::move(places);
}

size_t ReadSet::held_bytes() const {
  return keys_.capacity() * sizeof(Key) + places_.capacity() * sizeof(uint32_t);
}

void ReadSet::Reset() {
  if (keys_.capacity() > kKept) keys_ = {};
  keys_.clear();
  places_ = {};
  scanned_ = false;
}

}  // namespace memdb
