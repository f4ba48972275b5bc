//===- Placement.h - What a device's memory has room for --------*- C++ -*-===//
#pragma once
#include "Driver.h"
#include "Session.h"
#include "runtime/ByteRanges.h"

namespace quern {

/// Bytes that an artifact takes of a device's memory when its context and its
/// sequences are full. In the process's own: of the weights that it maps, and with the
/// last device that works there what the process has besides (overhead).
struct DeviceFigures : DeviceMemory {
  std::string name;        // the target's
  uint64_t kvPerToken = 0; // of its layers
};

struct Figures {
  std::vector<DeviceFigures> devices;
  /// Of weights, that one generated token of one sequence makes it read.
  uint64_t streamed = 0;

  /// The fullest device's part of its memory: more than 1, and it does not fit.
  double load(llvm::ArrayRef<uint64_t> memory) const;
};

/// Of a module after quern-plan-memory.
llvm::Expected<Figures> figuresOf(Session &, mlir::ModuleOp planned);

/// Runs the passes that plan memory on the model that the session has imported: these
/// are the bytes of the plan, not an estimate of it.
llvm::Expected<Figures> planFigures(Session &, const CompileRequest &,
                                    int64_t context, int64_t sequences,
                                    int64_t layersOnFirst);

/// The largest n up to `most` whose load is at most 1, or 0: soon, if `guess` is near.
/// Loads grow almost in proportion to n.
llvm::Expected<int64_t>
largest(int64_t most, int64_t guess,
        llvm::function_ref<llvm::Expected<double>(int64_t)> load);

/// The most layers of which a first device with so much memory can take care; -1 if it
/// has not even room for what is placed there by name.
llvm::Expected<int64_t> mostLayers(Session &, const CompileRequest &,
                                   int64_t context, int64_t sequences,
                                   uint64_t memory);

/// Whether the layers of two targets go by the memory of the first.
bool isAutomatic(const CompileRequest &);

/// What --gpu-layers and --device-memory mean for the imported model: layers of the
/// first of two devices; 0 if there is one. An error for what cannot be or, with
/// `mustFit`, what the memory has no room for.
llvm::Expected<int64_t> layersOnFirst(Session &, const CompileRequest &,
                                      int64_t context, int64_t sequences,
                                      bool mustFit);

/// What a device has of a model's layers if so many are the first one's: "layers 20 to
/// 29, output". What goes elsewhere by name is not looked at.
std::string placementText(const Session &, int64_t onFirst, unsigned device);

} // namespace quern
