#include "key_filter.h"

#include <cstddef>
#include <cstring>

namespace memdb {

namespace {

using Bytes = std::span<const uint8_t>;

// With these a stored key in the private form begins. Then come 1 and a base, or 0.
constexpr size_t kMark = 2;
constexpr size_t kBase = 32;

bool IsPrivate(Bytes key) {
  return key.size() > kMark && key[0] == 0x80 && key[1] == 0;
}

size_t HeadSize(Bytes bytes) {
  return !bytes.empty() && bytes[0] == 1 && bytes.size() > kBase ? 1 + kBase : 1;
}

// What follows the count of parts.
Bytes AfterCount(Bytes bytes) {
  size_t size = 0;
  while (size < bytes.size() && bytes[size] >= 0x80) size++;
  return bytes.subspan(size < bytes.size() ? size + 1 : size);
}

bool StartsWith(Bytes bytes, Bytes start) {
  return bytes.size() >= start.size() &&
         (start.empty() || std::memcmp(bytes.data(), start.data(), start.size()) == 0);
}

}  // namespace

KeyFilter::KeyFilter(std::span<const uint8_t> form) : all_(form.size() < 5) {
  if (all_) return;
  size_t size = 0;
  for (size_t i = 0; i < 4; i++) size |= size_t{form[i]} << (8 * i);
  form = form.subspan(4);
  has_binary_ = size < form.size();
  if (has_binary_) {
    binary_.assign(form.begin(), form.begin() + static_cast<ptrdiff_t>(size));
    form = form.subspan(size);
  }
  const auto head = form.first(HeadSize(form));
  head_.assign(head.begin(), head.end());
  const auto parts = form.subspan(head.size());
  private_.assign(parts.begin(), parts.end());
}

bool KeyFilter::Passes(std::span<const uint8_t> key) const {
  if (all_) return true;
  if (!IsPrivate(key)) return has_binary_ && StartsWith(AfterCount(key), binary_);
  const auto rest = key.subspan(kMark);
  return HeadSize(rest) == head_.size() && StartsWith(rest, head_) &&
         StartsWith(AfterCount(rest.subspan(head_.size())), private_);
}

}  // namespace memdb
