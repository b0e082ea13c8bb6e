#include "cursor.h"

#include <cstring>
#include <new>

#include "value_position.h"

namespace memdb {

std::unique_ptr<Cursor> Cursor::Start(Store& store, const Batch& batch, KeyFilter filter,
                                      bool keys_only) try {
  std::unique_ptr<Cursor> cursor(new Cursor(store, batch.version, std::move(filter), keys_only));
  // From the innermost batch outwards: inner writes hide outer ones.
  const Batch* root = nullptr;
  for (const Batch* layer = &batch; layer != nullptr; layer = layer->parent) {
    root = layer;
    layer->writes.ForEach([&](const Table::Slot& slot) {
      const Entry* entry = EntryAt(store.heap(), slot.ref);
      const auto [at, is_new] = cursor->overlay_.try_emplace(entry->digest);
      if (!is_new) return;
      // One that is not shown hides what it supersedes, like a deletion.
      at->second.deleted = entry->deleted() || !cursor->filter_.Passes(entry->key());
      if (at->second.deleted) return;
      at->second.key.assign(entry->key().begin(), entry->key().end());
      if (keys_only) return;
      at->second.value.assign(entry->value().begin(), entry->value().end());
    });
  }
  cursor->pending_ = cursor->overlay_.cbegin();
  cursor->snapshot.pin = root->snapshot.pin;
  store.snapshots().AcquireAgain(cursor->snapshot.pin);
  return cursor;
} catch (const std::bad_alloc&) {
  return nullptr;
}

void Cursor::Release() {
  store_.snapshots().Release(snapshot.pin);
}

int Cursor::Next(Chunk* chunk) {
  size_t count = 0;
  size_t used = 0;
  // Returns false if the pair has to wait for the next chunk.
  const auto take = [&](std::span<const uint8_t> key, std::span<const uint8_t> value) {
    const size_t value_start = ValuePosition(used + key.size());
    const size_t end = value_start + value.size();
    if (2 * count + 2 > chunk->sizes.size() || end > chunk->bytes.size()) {
      chunk->needed = ValuePosition(key.size()) + value.size();
      return false;
    }
    chunk->sizes[2 * count] = static_cast<int32_t>(key.size());
    chunk->sizes[2 * count + 1] = static_cast<int32_t>(value.size());
    uint8_t* target = chunk->bytes.data();
    if (!key.empty()) std::memcpy(target + used, key.data(), key.size());
    if (!value.empty()) std::memcpy(target + value_start, value.data(), value.size());
    count++;
    used = end;
    return true;
  };
  const auto stopped = [&] {
    return count > 0 ? static_cast<int>(count) : static_cast<int>(Status::kNoRoom);
  };

  for (; pending_ != overlay_.cend(); ++pending_) {
    const Copy& copy = pending_->second;
    if (!copy.deleted && !take(copy.key, copy.value)) return stopped();
  }
  const auto hidden = [&](const Digest& digest) {
    return !overlay_.empty() && overlay_.contains(digest);
  };
  for (;;) {
    for (; shown_ < entries_.size(); shown_++) {
      const Entry* entry = entries_[shown_];
      if (!filter_.Passes(entry->key())) continue;
      const auto value = keys_only_ ? std::span<const uint8_t>() : entry->value();
      if (!take(entry->key(), value)) return stopped();
    }
    if (next_shard_ == kShards) return static_cast<int>(count);
    if (!store_.Collect(next_shard_, version_, hidden, &entries_)) {
      return count > 0 ? static_cast<int>(count) : static_cast<int>(Status::kFull);
    }
    next_shard_++;
    shown_ = 0;
  }
}

}  // namespace memdb
