//===- Rope.td - Rotary position embedding -----------------*- tablegen -*-===//

def Quern_RopeOp : Quern_Op<"rope", [Pure, Quern_ReadsNamedRows,
    DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>]> {
  let summary = "rotary position embedding";
  let description = [{
    Rotates pairs of the first `dims` columns of every head of `size` columns by
    `position * base^(-2i/dims) / factors[i]`: pair i is columns (2i, 2i+1), or
    with `half` columns (i, i + dims/2). Su et al., 2021, arXiv:2104.09864.

    With `table` (f32, made by quern-tabulate-rope), angles come from it, and
    `base` and `factors` are not needed any more: rows 0-63
    hold (cos, sin) of positions 0-63, row 64 + h those of position 64 h, as
    cos[dims/2] then sin[dims/2]; the rotation by their sum is that by
    (cos a cos b - sin a sin b, sin a cos b + cos a sin b).

    (C1) dims is even and at most size
    (C2) size divides the columns
    (C3) there is a table or a base, and the base is positive
    (C4) the result has the operand's type
    (C5) there are dims / 2 factors
    (C6) the table has dims columns and more than 64 rows

    ```mlir
    %y = quern.rope %x, %step {base = 1.0e4, dims = 64, half, size = 64} : (tensor<?x576xf32>, !quern.step) -> tensor<?x576xf32>
    ```
  }];
  let arguments = (ins Quern_Activations:$input, Quern_StepType:$step,
                       Optional<RankedTensorOf<[F32]>>:$table,
                       I64Attr:$size, I64Attr:$dims, OptionalAttr<F64Attr>:$base, UnitAttr:$half,
                       OptionalAttr<DenseF64ArrayAttr>:$factors);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = "$input `,` $step (`table` $table^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}
