#include "user.h"

#include <array>

#include "check.h"
#include "core/value_position.h"
#include "threads.h"

namespace memdb::test {

namespace {

std::span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

constexpr int AsInt(Status status) {
  return static_cast<int>(status);
}

}  // namespace

Digest DigestOf(std::string_view key) {
  return Digest{}.Extend(AsBytes(key));
}

User::User(uint64_t max_bytes, int thread_id) : session_(Session::Create(max_bytes, thread_id)) {
  CHECK(session_ != nullptr);
}

User::User(const User& other, int thread_id)
    : session_(Session::Attach(other.session_->store_id(), thread_id)) {
  CHECK(session_ != nullptr);
}

Batch* User::Begin(bool writable) {
  Batch* batch = session_->Begin(writable);
  CHECK(batch != nullptr);
  return batch;
}

Batch* User::BeginOptimistic() {
  Batch* batch = session_->Begin(true, true);
  CHECK(batch != nullptr);
  return batch;
}

Batch* User::BeginNested(Batch* parent, bool writable) {
  Batch* batch = session_->BeginNested(parent, writable);
  CHECK(batch != nullptr);
  return batch;
}

std::optional<std::string> User::Get(const Batch* batch, std::string_view key) {
  // Too small at first for some values, so that both results occur.
  std::vector<uint8_t> target(32);
  size_t needed = 0;
  int size = session_->Get(batch, DigestOf(key), target, &needed);
  const bool found = size >= 0 || size == AsInt(Status::kNoRoom);
  CHECK_EQ(session_->Has(batch, DigestOf(key)) == Status::kOk, found);
  if (size == AsInt(Status::kNoRoom)) {
    CHECK(needed > target.size());
    target.resize(needed);
    size = session_->Get(batch, DigestOf(key), target, &needed);
    CHECK_EQ(size, static_cast<int>(needed));
  }
  if (size == AsInt(Status::kAbsent)) return std::nullopt;
  CHECK(size >= 0);
  return std::string(target.begin(), target.begin() + size);
}

std::vector<std::optional<std::string>> User::GetMany(const Batch* batch,
                                                      const std::vector<std::string>& keys) {
  std::vector<Digest> digests;
  for (const auto& key : keys) digests.push_back(DigestOf(key));
  std::vector<int32_t> sizes(keys.size());
  std::vector<uint8_t> target;
  size_t needed = 0;
  int bytes = session_->GetMany(batch, digests, sizes, target, &needed);
  if (bytes == AsInt(Status::kNoRoom)) {
    target.resize(needed);
    bytes = session_->GetMany(batch, digests, sizes, target, &needed);
  }
  CHECK_EQ(bytes, static_cast<int>(target.size()));
  std::vector<std::optional<std::string>> values;
  size_t end = 0;
  for (const int32_t size : sizes) {
    if (size == AsInt(Status::kAbsent)) {
      values.push_back(std::nullopt);
    } else {
      CHECK(size >= 0);
      const size_t start = ValuePosition(end);
      end = start + static_cast<size_t>(size);
      values.emplace_back(std::string(target.data() + start, target.data() + end));
    }
  }
  CHECK(end == target.size());
  return values;
}

Status User::TryPut(Batch* batch, std::string_view key, std::string_view value) {
  return session_->Put(batch, DigestOf(key), AsBytes(key), AsBytes(value));
}

Status User::TryDelete(Batch* batch, std::string_view key) {
  return session_->Delete(batch, DigestOf(key));
}

Status User::TryCommit(Batch* batch, bool locked) {
  int holder;
  // On the stack: tests have allocations fail.
  std::array<int32_t, 16> sizes;
  std::array<uint8_t, 1024> bytes;
  Store::Changed changed{sizes, bytes};
  const Status status = session_->Commit(batch, locked, seconds(60), &holder, &changed);
  changed_.clear();
  const uint8_t* next = bytes.data();
  for (size_t i = 0; i < changed.count; i++) {
    const bool known = sizes[i] >= 0;
    CHECK(known || sizes[i] == AsInt(Status::kAbsent));
    const size_t size = known ? static_cast<size_t>(sizes[i]) : sizeof(Digest);
    changed_.emplace_back(next, next + size);
    next += size;
  }
  return status;
}

void User::Put(Batch* batch, std::string_view key, std::string_view value) {
  CHECK(TryPut(batch, key, value) == Status::kOk);
}

void User::Delete(Batch* batch, std::string_view key) {
  CHECK(TryDelete(batch, key) == Status::kOk);
}

void User::Commit(Batch* batch, bool locked) {
  CHECK_EQ(AsInt(TryCommit(batch, locked)), AsInt(Status::kOk));
}

Pairs User::All(const Batch* batch) {
  Cursor* cursor = session_->StartCursor(batch, KeyFilter({}), false);
  CHECK(cursor != nullptr);
  Pairs pairs;
  while (Next(cursor, 64, 4096, &pairs)) {
  }
  session_->EndCursor(cursor);
  return pairs;
}

Pairs User::Now() {
  Batch* batch = Begin(false);
  Pairs pairs = All(batch);
  Discard(batch);
  return pairs;
}

bool User::Next(Cursor* cursor, size_t pairs_at_most, size_t bytes_at_most, Pairs* pairs) {
  std::vector<int32_t> sizes(2 * pairs_at_most);
  std::vector<uint8_t> bytes(bytes_at_most);
  Cursor::Chunk chunk{sizes, bytes, 0};
  int count = session_->Next(cursor, &chunk);
  if (count == AsInt(Status::kNoRoom)) {
    CHECK(chunk.needed > bytes.size());
    bytes.resize(chunk.needed);
    chunk.bytes = bytes;
    count = session_->Next(cursor, &chunk);
    CHECK(count >= 1);
  }
  CHECK(count >= 0);
  size_t next = 0;
  const auto text = [&](size_t start, int32_t size) {
    next = start + static_cast<size_t>(size);
    CHECK(next <= bytes.size());
    return std::string(bytes.data() + start, bytes.data() + next);
  };
  for (size_t i = 0; i < static_cast<size_t>(count); i++) {
    const std::string key = text(next, sizes[2 * i]);
    CHECK(pairs->emplace(key, text(ValuePosition(next), sizes[2 * i + 1])).second);
  }
  return count > 0;
}

void User::ReclaimAll() {
  while (session_->Reclaim() > 0) {
  }
}

}  // namespace memdb::test
