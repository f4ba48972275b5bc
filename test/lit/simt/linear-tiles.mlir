// Prompt linears in tiles of 64 rows and up to four panels, both operands in shared
// memory.
// RUN: quern-opt %s --quern-simt-lower-kernels=tiles --canonicalize --split-input-file | FileCheck %s
// RUN: quern-opt %s --quern-simt-lower-kernels="tiles shared=32768" --canonicalize --split-input-file | FileCheck %s --check-prefix=TWICE
// RUN: quern-opt %s --quern-simt-lower-kernels --canonicalize --split-input-file | FileCheck %s --check-prefix=SLICES

#lanes = #quern.group<lanes = true, codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 1>

// Seven panels are two tasks. A step: all wait until the one before was read, 64
// threads decode a weight row, the others load activations, all wait again; then 4 x 8
// results of a thread get four products at a time. 70 columns are two whole steps and
// one whose last 26 columns are zero.
// CHECK-LABEL: gpu.module @tiles
// CHECK: gpu.func @tiles(%{{.*}}, %[[CONSTANTS:[a-z0-9]+]]: memref<?xi32, {{.*}}>, %[[X:[a-z0-9]+]]: memref<?x96xf32
// CHECK-SAME: workgroup(%[[W:[a-z0-9]+]] : memref<1x64x8xvector<4xf32>, #gpu.address_space<workgroup>>, %[[A:[a-z0-9]+]] : memref<1x64x8xvector<4xf32>, #gpu.address_space<workgroup>>)
// CHECK-SAME: quern.grid = {of = 0 : i64, parts = 1 : i64, rows = 64 : i64, tasks = 2 : i64}
// CHECK-SAME: count = 7 : i64, task = 4 : i64}
// CHECK: scf.for %{{.*}} = %c0 to %c2
// CHECK:   gpu.barrier
// CHECK:   scf.if
// CHECK-COUNT-32: tile.load_floats
// CHECK-COUNT-8: memref.store %{{.*}}, %[[W]]
// CHECK-NOT: memref.store %{{.*}}, %[[W]]
// CHECK:   scf.if
// CHECK-COUNT-8: vector.load %[[X]]
// CHECK-NOT: vector.load %[[X]]
// CHECK:   gpu.barrier
// CHECK:   scf.for
// CHECK-COUNT-4: memref.load %[[W]]
// CHECK:     memref.load %[[A]]
// CHECK-COUNT-128: math.fma
// CHECK-NOT: math.fma
// The rest.
// CHECK: gpu.barrier
// CHECK: scf.if
// CHECK-COUNT-6: tile.load_floats
// CHECK-NOT: tile.load_floats
// CHECK: vector.load %[[X]]
// CHECK: arith.select
// CHECK: gpu.barrier
// CHECK-COUNT-128: math.fma
// CHECK-NOT: math.fma

// With room for two steps the next one is on its way: one barrier.
// TWICE-LABEL: gpu.module @tiles
// TWICE: memref<2x64x8xvector<4xf32>
// TWICE-COUNT-32: tile.load_floats
// TWICE: scf.for %[[STEP:.*]] = %c0 to %c2
// TWICE:   gpu.barrier
// TWICE:   %[[NEXT:.*]] = arith.addi %[[STEP]], %c1
// TWICE:   arith.cmpi ult, %[[NEXT]], %c2
// TWICE-COUNT-32: tile.load_floats
// TWICE-NOT: gpu.barrier
// TWICE-COUNT-128: math.fma
// TWICE-COUNT-6: tile.load_floats
// TWICE: gpu.barrier
// TWICE-NOT: gpu.barrier
// TWICE-LABEL: gpu.module @glu

// SLICES-LABEL: gpu.module @tiles
// SLICES: memref<1x16x8x16xf32
quern.kernel @tiles role prompt rows step {
^bb0(%x: tensor<?x70xf32>, %w: !quern.panels<100 x 70, #lanes>):
  %y = quern.linear %x, %w : (tensor<?x70xf32>, !quern.panels<100 x 70, #lanes>) -> tensor<?x100xf32>
  quern.yield %y : tensor<?x100xf32>
}

// -----

#lanes = #quern.group<lanes = true, codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 1>

// Of two linears two panels each; a thread has both numbers of what follows.
// CHECK-LABEL: gpu.module @glu
// CHECK: workgroup({{.*}}memref<1x64x8xvector<4xf32>
// CHECK-SAME: tasks = 4 : i64
// CHECK-SAME: task = 2 : i64
// CHECK-COUNT-16: memref.store %{{.*}}, %{{.*}} : memref<?x128xf32
// CHECK-NOT: memref<?x128xf32
quern.kernel @glu role prompt rows step {
^bb0(%x: tensor<?x32xf32>, %v: !quern.panels<100 x 32, #lanes>, %w: !quern.panels<100 x 32, #lanes>):
  %g = quern.linear %x, %v : (tensor<?x32xf32>, !quern.panels<100 x 32, #lanes>) -> tensor<?x100xf32>
  %u = quern.linear %x, %w : (tensor<?x32xf32>, !quern.panels<100 x 32, #lanes>) -> tensor<?x100xf32>
  %y = quern.glu gelu %g, %u : tensor<?x100xf32>
  quern.yield %y : tensor<?x100xf32>
}

// -----

#lanes = #quern.group<lanes = true, codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 1>

// Rows for logits are few, and so are generated ones.
// CHECK-LABEL: gpu.module @logits
// CHECK: memref<1x16x8x16xf32
quern.kernel @logits role prompt rows logits {
^bb0(%x: tensor<?x32xf32>, %w: !quern.panels<100 x 32, #lanes>):
  %y = quern.linear %x, %w : (tensor<?x32xf32>, !quern.panels<100 x 32, #lanes>) -> tensor<?x100xf32>
  quern.yield %y : tensor<?x100xf32>
}

// -----

#lanes = #quern.group<lanes = true, codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 1>

// CHECK-LABEL: gpu.module @generated
// CHECK: memref<1x16x8x16xf32
quern.kernel @generated role generated rows step {
^bb0(%x: tensor<?x32xf32>, %w: !quern.panels<100 x 32, #lanes>):
  %y = quern.linear %x, %w : (tensor<?x32xf32>, !quern.panels<100 x 32, #lanes>) -> tensor<?x100xf32>
  quern.yield %y : tensor<?x100xf32>
}

// -----

#lanes = #quern.group<lanes = true, codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 1>

// Five linears are more than four panels. Their sums leave room for six rows.
// CHECK-LABEL: gpu.module @five
// CHECK: memref<5x6x8x16xf32
// CHECK-SAME: rows = 6 : i64
quern.kernel @five role prompt rows step {
^bb0(%x: tensor<?x32xf32>, %w: !quern.panels<32 x 32, #lanes>):
  %a = quern.linear %x, %w : (tensor<?x32xf32>, !quern.panels<32 x 32, #lanes>) -> tensor<?x32xf32>
  %b = quern.linear %x, %w : (tensor<?x32xf32>, !quern.panels<32 x 32, #lanes>) -> tensor<?x32xf32>
  %c = quern.linear %x, %w : (tensor<?x32xf32>, !quern.panels<32 x 32, #lanes>) -> tensor<?x32xf32>
  %d = quern.linear %x, %w : (tensor<?x32xf32>, !quern.panels<32 x 32, #lanes>) -> tensor<?x32xf32>
  %e = quern.linear %x, %w : (tensor<?x32xf32>, !quern.panels<32 x 32, #lanes>) -> tensor<?x32xf32>
  quern.yield %a, %b, %c, %d, %e : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>
}
