#include "store_id.h"

#include <cstring>
#include <exception>

#include "digest.h"

namespace memdb {

namespace {

// The half of the id that follows from the other one.
StoreId Complete(StoreId id) {
  static const Digest secret = [] {
    uint8_t bytes[sizeof(Digest)];
    RandomBytes(bytes);
    return Digest::Load(bytes);
  }();
  uint8_t half[sizeof id / 2];
  std::memcpy(half, id.data(), sizeof half);
  uint8_t check[sizeof(Digest)];
  secret.Extend(half).Store(check);
  std::memcpy(id.data() + 2, check, sizeof half);
  return id;
}

}  // namespace

StoreId NewStoreId() {
  uint8_t bytes[sizeof(StoreId) / 2];
  RandomBytes(bytes);
  StoreId id{};
  std::memcpy(id.data(), bytes, sizeof bytes);
  return Complete(id);
}

bool IsOfThisProcess(const StoreId& id) try {
  return Complete(id) == id;
} catch (const std::exception&) {
  return false;  // without randomness there was no store
}

}  // namespace memdb
