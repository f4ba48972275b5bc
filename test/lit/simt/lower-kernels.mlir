// Kernels to workgroups of threads: the launch's grid, the arguments, and who does
// what.
// RUN: quern-opt %s --quern-simt-lower-kernels --canonicalize --split-input-file | FileCheck %s

// A workgroup for each run of 64 columns and each row. The sum is that of 128
// threads, added in halves between barriers.
// CHECK-LABEL: gpu.module @norm
// CHECK: gpu.func @norm(%{{[a-z0-9]+}}: memref<?xi32, #gpu.address_space<global>>, %{{[a-z0-9]+}}: memref<?xi32, #gpu.address_space<global>>, %[[X:[a-z0-9]+]]: memref<?x192xf32, #gpu.address_space<global>>, %[[W:[a-z0-9]+]]: memref<64xf32, #gpu.address_space<global>>, %[[Y:[a-z0-9]+]]: memref<?x192xf32, #gpu.address_space<global>>)
// CHECK-SAME: workgroup(%[[S:[a-z0-9]+]] : memref<128xf32, #gpu.address_space<workgroup>>)
// CHECK-SAME: known_block_size = array<i32: 128, 1, 1>
// CHECK-SAME: quern.grid = {of = 0 : i64, parts = 1 : i64, rows = 1 : i64, tasks = 3 : i64}
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
// CHECK: quern.grid = {of = 2 : i64, parts = 1 : i64, rows = 1 : i64, tasks = 1 : i64}
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
// CHECK-SAME: quern.grid = {of = 0 : i64, parts = 1 : i64, rows = 16 : i64, tasks = 4 : i64}
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
// CHECK: quern.grid = {of = 0 : i64, parts = 1 : i64, rows = 1 : i64, tasks = 3 : i64}
// CHECK: arith.cmpi ult, %{{.*}}, %c300
// CHECK: scf.if
quern.kernel @add role prompt rows step {
^bb0(%a: tensor<?x300xf32>, %b: tensor<?x300xf32>):
  %y = quern.add %a, %b : tensor<?x300xf32>
  quern.yield %y : tensor<?x300xf32>
}

// -----

// A workgroup converts 16 steps of 32 columns of a row. Its 128 threads meet three
// times: for columns that lie beside each other, for the greatest of a step, and for
// its sums. Columns beyond the last one count as zero.
// CHECK-LABEL: gpu.module @convert
// CHECK: gpu.func @convert({{.*}}, %[[X:[a-z0-9]+]]: memref<?x576xf32, #gpu.address_space<global>>, %[[Y:[a-z0-9]+]]: memref<?xi8, #gpu.address_space<global>>)
// CHECK-SAME: workgroup(%[[COLUMNS:[a-z0-9]+]] : memref<512xf32, #gpu.address_space<workgroup>>, %[[MOST:[a-z0-9]+]] : memref<128xi32, #gpu.address_space<workgroup>>, %[[SUMS:[a-z0-9]+]] : memref<128xi32, #gpu.address_space<workgroup>>)
// CHECK-SAME: quern.grid = {of = 0 : i64, parts = 1 : i64, rows = 1 : i64, tasks = 2 : i64}
// CHECK: arith.cmpi ult, %{{.*}}, %c576
// CHECK: arith.minui %{{.*}}, %c575
// CHECK: memref.load %[[X]]
// CHECK: arith.select
// CHECK: memref.store %{{.*}}, %[[COLUMNS]]
// CHECK: gpu.barrier
// CHECK-COUNT-4: memref.load %[[COLUMNS]]
// CHECK: vector.reduction <maxui>
// CHECK: memref.store %{{.*}}, %[[MOST]]
// CHECK: gpu.barrier
// CHECK-COUNT-8: memref.load %[[MOST]]
// CHECK: arith.divf %{{.*}}, %cst{{.*}} : f32
// CHECK: math.roundeven
// CHECK: vector.reduction <add>
// CHECK: memref.store %{{.*}}, %[[SUMS]]
// CHECK: gpu.barrier
// CHECK: scf.if
// CHECK-COUNT-2: vector.store %{{.*}}, %[[Y]]
// CHECK: scf.if
// CHECK-COUNT-8: memref.load %[[SUMS]]
// CHECK-COUNT-8: vector.store %{{.*}}, %[[Y]]
// CHECK-NOT: vector.store
quern.kernel @convert role generated rows step {
^bb0(%x: tensor<?x576xf32>):
  %y = quern.convert %x : tensor<?x576xf32> -> !quern.rows<576, i16>
  quern.yield %y : !quern.rows<576, i16>
}

// -----

// A workgroup makes one list of one row. Runs of 2 are sorted, then merged by the
// same loops; a place that is behind the row's end gets the key of NaN.
// CHECK-LABEL: gpu.module @top_k
// CHECK: workgroup(%[[K:[a-z0-9]+]] : memref<8xvector<2xi32>, #gpu.address_space<workgroup>>)
// CHECK-SAME: quern.grid = {of = 2 : i64, parts = 1 : i64, rows = 1 : i64, tasks = 3 : i64}
// CHECK: memref.store %{{.*}}, %[[K]]
// CHECK: gpu.barrier
// CHECK-NOT: scf.if
quern.kernel @top_k role generated rows logits {
^bb0(%x: tensor<?x21xf32>):
  %y = quern.top_k %x {k = 2 : i64, part = 8 : i64} : (tensor<?x21xf32>) -> tensor<?x12xf32>
  quern.yield %y : tensor<?x12xf32>
}

// -----

// The norm's workgroup goes through the chunks of its row.
// CHECK-LABEL: gpu.module @norm_convert
// CHECK: quern.grid = {of = 0 : i64, parts = 1 : i64, rows = 1 : i64, tasks = 1 : i64}
// CHECK: math.sqrt
// CHECK: scf.for %{{.*}} = %c0 to %c2
// CHECK:   arith.minui %{{.*}}, %c599
// CHECK-COUNT-3: gpu.barrier
// CHECK-NOT: gpu.barrier
quern.kernel @norm_convert role generated rows step {
^bb0(%x: tensor<?x600xf32>, %w: tensor<600xf32>):
  %n = quern.rms_norm %x, %w {epsilon = 1.0e-5 : f32} : (tensor<?x600xf32>, tensor<600xf32>) -> tensor<?x600xf32>
  %y = quern.convert %n : tensor<?x600xf32> -> !quern.rows<600, i16>
  quern.yield %y : !quern.rows<600, i16>
}

// -----

// A step's codes are unpacked once for all rows, of which six pieces of a record are
// loaded and 16 dot products made. The rest of a row's last step is zero: no branch.
#c4 = #quern.group<lanes = true, codes = 4, span = 32, supers = 1, group = 32, bias = 8, element = -1, scale = <codec = 1, bits = 0, signed = false, bias = 0, unit = 1065353216>>
// CHECK-LABEL: gpu.module @integers
// CHECK: gpu.func @integers({{.*}}, %[[X:[a-z0-9]+]]: memref<?xi8, #gpu.address_space<global>>, %{{[a-z0-9]+}}: memref<?xi8, #gpu.address_space<global>>, %{{[a-z0-9]+}}: memref<?x64xf32
// CHECK-SAME: workgroup(%{{.*}} : memref<1x16x8x16xf32, #gpu.address_space<workgroup>>)
// CHECK-SAME: quern.grid = {of = 0 : i64, parts = 1 : i64, rows = 16 : i64, tasks = 4 : i64}
// CHECK: scf.for %{{.*}} = %{{.*}} to %c4 step %c8
// CHECK: tile.load_codes
// CHECK: tile.unpack_codes
// CHECK: scf.for
// CHECK-COUNT-6: vector.load %[[X]]{{.*}} vector<16xi8>
// CHECK-NOT: vector.load %[[X]]
// CHECK: arith.muli %{{.*}} : vector<1xi32>
// CHECK-COUNT-16: tile.dot_i8
// CHECK-NOT: tile.dot_i8
// CHECK: math.fma
// CHECK-NOT: math.fma
// CHECK: gpu.barrier
// CHECK-NOT: gpu.barrier
quern.kernel @integers role generated rows step {
^bb0(%x: !quern.rows<111, i16>, %w: !quern.panels<50 x 111, #c4>):
  %y = quern.linear %x, %w : (!quern.rows<111, i16>, !quern.panels<50 x 111, #c4>) -> tensor<?x50xf32>
  quern.yield %y : tensor<?x50xf32>
}

// -----

// A workgroup has a part's steps, three of seven, and what it comes to is in the part's
// columns of the result.
#floats = #quern.group<codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 1>
// CHECK-LABEL: gpu.module @linear_parts
// CHECK: quern.grid = {of = 0 : i64, parts = 3 : i64, rows = 16 : i64, tasks = 4 : i64}
// CHECK-DAG: %[[PART:[a-z0-9_]+]] = gpu.block_id  z
// CHECK: %[[FIRST:.*]] = arith.muli %[[PART]], %c3
// CHECK: %[[BEHIND:.*]] = arith.addi %[[FIRST]], %c3
// CHECK: %[[END:.*]] = arith.minui %[[BEHIND]], %c7
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[END]] step %c8
// CHECK: gpu.barrier
// CHECK: %[[COLUMNS:.*]] = arith.muli %[[PART]], %c50
// CHECK: %[[PLACE:.*]] = arith.addi %[[COLUMNS]],
// CHECK: memref.store %{{.*}}[%{{.*}}, %[[PLACE]]]
quern.kernel @linear_parts role generated rows step {
^bb0(%x: tensor<?x224xf32>, %w: !quern.panels<50 x 224, #floats>):
  %y = quern.linear_parts %x, %w {columns = 96, parts = 3} : (tensor<?x224xf32>, !quern.panels<50 x 224, #floats>) -> tensor<?x150xf32>
  quern.yield %y : tensor<?x150xf32>
}

// -----

// Sums of three parts, with what follows them.
// CHECK-LABEL: gpu.module @sum_parts
// CHECK: quern.grid = {of = 0 : i64, parts = 1 : i64, rows = 1 : i64, tasks = 1 : i64}
// CHECK-COUNT-3: memref.load %{{.*}} : memref<?x160xf32
// CHECK: memref.load %{{.*}} : memref<?x64xf32
// CHECK: memref.store
quern.kernel @sum_parts role generated rows step {
^bb0(%p: tensor<?x150xf32>, %r: tensor<?x50xf32>):
  %s = quern.sum_parts %p {parts = 3} : tensor<?x150xf32> -> tensor<?x50xf32>
  %y = quern.add %s, %r : tensor<?x50xf32>
  quern.yield %y : tensor<?x50xf32>
}

// -----

// Lists of 3 lie in runs of 4, so many that they are a power of two.
// CHECK-LABEL: gpu.module @merge_top_k
// CHECK: memref<16xvector<2xi32>, #gpu.address_space<workgroup>>
// CHECK-SAME: quern.grid = {of = 2 : i64, parts = 1 : i64, rows = 1 : i64, tasks = 2 : i64}
quern.kernel @merge_top_k role generated rows logits {
^bb0(%x: tensor<?x24xf32>):
  %y = quern.merge_top_k %x {k = 3 : i64, lists = 3 : i64} : (tensor<?x24xf32>) -> tensor<?x12xf32>
  quern.yield %y : tensor<?x12xf32>
}
