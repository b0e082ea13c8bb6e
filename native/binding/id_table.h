#ifndef MEMDB_BINDING_ID_TABLE_H_
#define MEMDB_BINDING_ID_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace memdb {

// Small integers for things that JavaScript names but must never have the
// address of. An id that is not in use finds nothing.
template <typename T>
class IdTable {
 public:
  // Makes sure that the next Add cannot fail for want of memory.
  void Reserve() {
    if (!idle_.empty()) return;
    if (items_.size() == items_.capacity()) items_.reserve(2 * items_.size() + 8);
    // Room for every id among the idle ones: removing must not fail either.
    idle_.reserve(items_.capacity());
  }

  int32_t Add(T item) {
    Reserve();
    if (idle_.empty()) {
      items_.push_back(Item{std::move(item), true});
      return static_cast<int32_t>(items_.size() - 1);
    }
    const int32_t id = idle_.back();
    idle_.pop_back();
    items_[static_cast<size_t>(id)] = Item{std::move(item), true};
    return id;
  }

  // Null when the id is not in use. Good until the table changes.
  T* Find(int32_t id) {
    const auto index = static_cast<size_t>(id);  // of a negative id: too large
    return index < items_.size() && items_[index].used ? &items_[index].value : nullptr;
  }

  void Remove(int32_t id) {
    items_[static_cast<size_t>(id)] = Item{};
    idle_.push_back(id);
  }

  template <typename Condition>
  void RemoveIf(Condition&& condition) {
    for (size_t i = 0; i < items_.size(); i++) {
      if (items_[i].used && condition(items_[i].value)) Remove(static_cast<int32_t>(i));
    }
  }

 private:
  struct Item {
    T value{};
    bool used = false;
  };
  std::vector<Item> items_;
  std::vector<int32_t> idle_;
};

}  // namespace memdb

#endif  // MEMDB_BINDING_ID_TABLE_H_
