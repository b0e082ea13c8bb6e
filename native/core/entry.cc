#include "entry.h"

#include <new>

namespace memdb {

Ref Entry::Create(Heap& heap, const Digest& digest, std::span<const uint8_t> key,
                  std::span<const uint8_t> value) {
  if (key.size() > kMaxSize || value.size() > kMaxSize - key.size()) return 0;
  const size_t payload = key.size() + value.size();
  uint8_t* large = nullptr;
  if (!FitsBlock(payload)) {
    large = static_cast<uint8_t*>(heap.AllocateLarge(payload));
    if (large == nullptr) return 0;
  }
  const Ref ref = heap.Allocate(sizeof(Entry) + (large != nullptr ? sizeof large : payload));
  if (ref == 0) {
    if (large != nullptr) heap.FreeLarge(large);
    return 0;
  }
  auto* entry = new (heap.At(ref)) Entry{
      {digest}, 0, 0, 0, static_cast<uint32_t>(key.size()), static_cast<uint32_t>(value.size())};
  uint8_t* bytes = reinterpret_cast<uint8_t*>(entry + 1);
  if (large != nullptr) {
    std::memcpy(bytes, &large, sizeof large);
    bytes = large;
  }
  if (!value.empty()) std::memcpy(bytes, value.data(), value.size());
  if (!key.empty()) std::memcpy(bytes + value.size(), key.data(), key.size());
  return ref;
}

Ref Entry::CreateDeleted(Heap& heap, const Digest& digest) {
  const Ref ref = heap.Allocate(sizeof(Entry));
  if (ref != 0) new (heap.At(ref)) Entry{{digest}, 0, 0, 0, 0, kDeleted};
  return ref;
}

void Entry::Destroy(Heap& heap, Ref ref) {
  const Entry* entry = EntryAt(heap, ref);
  if (!FitsBlock(entry->payload())) heap.FreeLarge(entry->large());
  heap.Free(ref);
}

}  // namespace memdb
