// Kernels to workgroups of threads: the launch's grid, the arguments, and who does
// what.
// RUN: quern-opt %s --quern-simt-lower-kernels --canonicalize --split-input-file | FileCheck %s

// A workgroup for each run of 64 columns and each row. The sum is that of 128
// threads, added in halves between barriers.
// CHECK-LABEL: gpu.module @norm
// CHECK: gpu.func @norm(%{{[a-z0-9]+}}: memref<?xi32, #gpu.address_space<global>>, %{{[a-z0-9]+}}: memref<?xi32, #gpu.address_space<global>>, %[[X:[a-z0-9]+]]: memref<?x192xf32, #gpu.address_space<global>>, %[[W:[a-z0-9]+]]: memref<64xf32, #gpu.address_space<global>>, %[[Y:[a-z0-9]+]]: memref<?x192xf32, #gpu.address_space<global>>)
// CHECK-SAME: workgroup(%[[S:[a-z0-9]+]] : memref<128xf32, #gpu.address_space<workgroup>>)
// CHECK-SAME: known_block_size = array<i32: 128, 1, 1>
// CHECK-SAME: quern.grid = {of = 0 : i64, rows = 1 : i64, tasks = 3 : i64}
// CHECK-DAG: %[[TASK:[a-z0-9_]+]] = gpu.block_id  x
// CHECK-DAG: %[[ROW:[a-z0-9_]+]] = gpu.block_id  y
// CHECK-DAG: %[[THREAD:[a-z0-9_]+]] = gpu.thread_id  x
// CHECK: %[[BEGIN:[a-z0-9_]+]] = arith.muli %[[TASK]], %c64
// CHECK: scf.for %[[C:[a-z0-9_]+]] = %[[THREAD]] to %c64 step %c128
// CHECK:   memref.load %[[X]][%[[ROW]],
// CHECK: memref.store %{{.*}}, %[[S]][%[[THREAD]]]
// CHECK-COUNT-8: gpu.barrier
// CHECK-NOT: gpu.barrier
// CHECK: math.sqrt
// CHECK: scf.for %{{.*}} = %[[THREAD]] to %c64 step %c128
// CHECK:   memref.store %{{.*}}, %[[Y]][%[[ROW]],
quern.kernel @norm role prompt rows step {
^bb0(%x: tensor<?x192xf32>, %w: tensor<64xf32>):
  %y = quern.rms_norm %x, %w {epsilon = 1.0e-5 : f32} : (tensor<?x192xf32>, tensor<64xf32>) -> tensor<?x192xf32>
  quern.yield %y : tensor<?x192xf32>
}

// -----

// Rows that are wanted for logits are another count of the step.
// CHECK-LABEL: gpu.module @selected
// CHECK: quern.grid = {of = 2 : i64, rows = 1 : i64, tasks = 1 : i64}
// CHECK: %[[ROW:[a-z0-9_]+]] = gpu.block_id  y
// CHECK: memref.load %{{.*}}[%[[ROW]]] : memref<?xi32
quern.kernel @selected role generated rows logits {
^bb0(%x: tensor<?x45xf32>, %rows: tensor<?xi32>, %w: tensor<45xf32>):
  %s = quern.select_rows %x, %rows : tensor<?x45xf32>, tensor<?xi32>
  %y = quern.rms_norm %s, %w {epsilon = 1.0e-5 : f32} : (tensor<?x45xf32>, tensor<45xf32>) -> tensor<?x45xf32>
  quern.yield %y : tensor<?x45xf32>
}

// -----

// A task is a panel of 16 of the 50 weight rows, an item 16 rows. A step is decoded
// once for all rows; then a barrier between the slices' sums and their sum. Which
// panels are bound stands behind the stage's constants, of which there is none.
#floats = #quern.group<codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 1>
// CHECK-LABEL: gpu.module @linear
// CHECK: gpu.func @linear(%{{.*}}, %[[CONSTANTS:[a-z0-9]+]]: memref<?xi32
// CHECK-SAME: workgroup(%{{.*}} : memref<1x16x8x16xf32, #gpu.address_space<workgroup>>)
// CHECK-SAME: quern.constants = 0 : i64
// CHECK-SAME: quern.grid = {of = 0 : i64, rows = 16 : i64, tasks = 4 : i64}
// CHECK-SAME: quern.panels = {arguments = array<i64: 3>, bytes = array<i64: 3072>, count = 4 : i64, task = 1 : i64}
// CHECK: %[[WORD:.*]] = memref.load %[[CONSTANTS]][%c0]
// CHECK: %[[FIRST:.*]] = arith.index_cast{{.*}} %[[WORD]]
// CHECK-DAG: %[[PANEL:.*]] = arith.addi %{{.*}}, %[[FIRST]]
// CHECK-DAG: %[[LANE:[a-z0-9_]+]] = arith.remui %{{.*}}, %c16
// CHECK-DAG: %[[SLICE:[a-z0-9_]+]] = arith.divui %{{.*}}, %c16
// CHECK: scf.for %{{.*}} = %[[SLICE]] to %c3 step %c8
// CHECK: arith.muli %block_id_x, %c3072
// CHECK-COUNT-32: tile.load_floats %{{.*}} lane %[[LANE]]
// CHECK-NOT: tile.load_floats
// CHECK: scf.for
// CHECK-COUNT-32: math.fma
// CHECK: gpu.barrier
// CHECK-NOT: gpu.barrier
// CHECK: arith.muli %[[PANEL]], %c16
quern.kernel @linear role generated rows step {
^bb0(%x: tensor<?x96xf32>, %w: !quern.panels<50 x 96, #floats>):
  %y = quern.linear %x, %w : (tensor<?x96xf32>, !quern.panels<50 x 96, #floats>) -> tensor<?x50xf32>
  quern.yield %y : tensor<?x50xf32>
}

// -----

// 300 columns of a row are three workgroups' work.
// CHECK-LABEL: gpu.module @add
// CHECK: quern.grid = {of = 0 : i64, rows = 1 : i64, tasks = 3 : i64}
// CHECK: arith.cmpi ult, %{{.*}}, %c300
// CHECK: scf.if
quern.kernel @add role prompt rows step {
^bb0(%a: tensor<?x300xf32>, %b: tensor<?x300xf32>):
  %y = quern.add %a, %b : tensor<?x300xf32>
  quern.yield %y : tensor<?x300xf32>
}

// -----

// A workgroup makes one list of one row. Runs of 2 are sorted, then merged by the
// same loops; a place that is behind the row's end gets the key of NaN.
// CHECK-LABEL: gpu.module @top_k
// CHECK: workgroup(%[[K:[a-z0-9]+]] : memref<8xvector<2xi32>, #gpu.address_space<workgroup>>)
// CHECK-SAME: quern.grid = {of = 2 : i64, rows = 1 : i64, tasks = 3 : i64}
// CHECK: memref.store %{{.*}}, %[[K]]
// CHECK: gpu.barrier
// CHECK-NOT: scf.if
quern.kernel @top_k role generated rows logits {
^bb0(%x: tensor<?x21xf32>):
  %y = quern.top_k %x {k = 2 : i64, part = 8 : i64} : (tensor<?x21xf32>) -> tensor<?x12xf32>
  quern.yield %y : tensor<?x12xf32>
}

// -----

// Lists of 3 lie in runs of 4, so many that they are a power of two.
// CHECK-LABEL: gpu.module @merge_top_k
// CHECK: memref<16xvector<2xi32>, #gpu.address_space<workgroup>>
// CHECK-SAME: quern.grid = {of = 2 : i64, rows = 1 : i64, tasks = 2 : i64}
quern.kernel @merge_top_k role generated rows logits {
^bb0(%x: tensor<?x24xf32>):
  %y = quern.merge_top_k %x {k = 3 : i64, lists = 3 : i64} : (tensor<?x24xf32>) -> tensor<?x12xf32>
  quern.yield %y : tensor<?x12xf32>
}
