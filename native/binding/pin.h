#ifndef MEMDB_BINDING_PIN_H_
#define MEMDB_BINDING_PIN_H_

namespace memdb {

// Keeps this binary in memory until the process ends. Node unloads an addon
// when the last thread that loaded it ends. At that moment this thread, or one
// that waits on a lock, may still have to return through the addon's code. On Linux the linker's
// flag nodelete in binding.gyp does it.
void PinBinary();

}  // namespace memdb

#endif  // MEMDB_BINDING_PIN_H_
