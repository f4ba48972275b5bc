//===- Structure.td - Stages and their launches ------------*- tablegen -*-===//

def Quern_StageOp : Quern_Op<"stage", [IsolatedFromAbove, SingleBlock]> {
  let summary = "work between two barriers: a root with what is fused to it";
  let description = [{
    The body is written with the same ops as the graph: at most one root
    (linear, attention, embed, ...), after it element-wise ops as its epilogue.
    What is fused is thereby visible and was decided by the pass that made the
    stage. `rows` says how many rows its results have. Inputs are operands;
    nothing else of the function is visible inside.

    (C1) the block's arguments have the types of the operands
    (C2) the terminator yields values of the results' types
    (C3) with `rows logits` no operand is a `!quern.step`, which speaks of all
         rows of the step

    ```mlir
    %y = quern.stage "blk.0.attn_output" rows step(%x, %w, %r : ...) -> (tensor<?x576xf32>) {
    ^bb0(%a: !quern.rows<576, i16>, %b: !quern.panels<...>, %c: tensor<?x576xf32>):
      %0 = quern.linear %a, %b : ...
      %1 = quern.add %0, %c : tensor<?x576xf32>
      quern.yield %1 : tensor<?x576xf32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, Quern_RowsOfAttr:$rows,
                       Variadic<AnyType>:$inputs);
  let results = (outs Variadic<AnyType>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $name `rows` custom<RowsOfKeyword>($rows)
    `(` ($inputs^ `:` type($inputs))? `)` (`->` `(` type($outputs)^ `)`)?
    attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
}

def Quern_YieldOp : Quern_Op<"yield", [Pure, Terminator, ParentOneOf<["::quern::StageOp", "::quern::KernelOp"]>]> {
  let summary = "the results of a stage or kernel";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

def Quern_KernelOp : Quern_Op<"kernel", [Symbol, IsolatedFromAbove, SingleBlock]> {
  let summary = "the body of all stages of one shape";
  let description = [{
    Stages whose bodies differ in nothing but the symbols they were given share
    one kernel. The block's arguments are the operands of the launch; then the
    target's lowering turns the body into loops over memory.

    (C1) the body ends in quern.yield
    (C2) with `rows logits` no argument is a `!quern.step`

    ```mlir
    quern.kernel @linear.0 role generated rows step {
    ^bb0(%x: !quern.rows<576, i16>, %w: !quern.panels<...>):
      %0 = quern.linear %x, %w : ...
      quern.yield %0 : tensor<?x576xf32>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Quern_RoleAttr:$role,
                       Quern_RowsOfAttr:$rows);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `role` custom<RoleKeyword>($role) `rows` custom<RowsOfKeyword>($rows)
    attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
}

def Quern_CopyOp : Quern_Op<"copy", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "rows of activations on another device";
  let description = [{
    What a device made, where the device `quern.device` of this op reads it. The
    only op whose operand may be of another device than itself. Where in the arena
    it lies, it lies on both.

    (C1) a stage, or the launch that it became, of another device made the operand

    ```mlir
    %y = quern.copy "blk.14.ffn_down" rows step %x : tensor<?x576xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, Quern_RowsOfAttr:$rows, Quern_Activations:$input);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = [{
    $name `rows` custom<RowsOfKeyword>($rows) $input attr-dict `:` type($input)
  }];
  let hasVerifier = 1;
}

def Quern_LaunchOp : Quern_Op<"launch", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "one stage of a program: a kernel and its operands";
  let description = [{
    `barrier`: all workers wait for each other before it; set by the memory
    plan where an earlier stage since the last barrier writes what this one
    reads or writes, or reads what it writes. `offsets`: where in the arena each
    result lies.

    (C1) the callee is a `quern.kernel`, or the function that a target lowered
         it to, of which nothing more is asked
    (C2) whose block arguments have the operands' types
    (C3) and which yields the results' types
    (C4) there is an offset for each result

    ```mlir
    %y = quern.launch @linear.0 "blk.0.attn_q"(%x, %w : ...) -> (tensor<?x576xf32>) {barrier, offsets = array<i64: 4096>}
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, StrAttr:$name,
                       Variadic<AnyType>:$inputs,
                       UnitAttr:$barrier,
                       OptionalAttr<DenseI64ArrayAttr>:$offsets);
  let results = (outs Variadic<AnyType>:$outputs);
  let assemblyFormat = [{
    $kernel $name `(` ($inputs^ `:` type($inputs))? `)` (`->` `(` type($outputs)^ `)`)?
    attr-dict
  }];
  let hasVerifier = 1;
}
