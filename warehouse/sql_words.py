"""The words of SQL that an analyst may use; what is not here is refused."""

from sqlglot import exp

_PARTS = """
    Select Union Intersect Except Subquery With CTE TableAlias From Table Join Lateral Where Group
    GroupingSets Rollup Cube Having Order Ordered Limit Offset Window WindowSpec Filter WithinGroup
    Distinct Values Unnest Tuple Paren Alias Column ColumnDef Identifier Star Literal Null Boolean
    Var Interval DataType DataTypeParam Cast Case If Bracket Slice Array Any All Exists
    In Between Is Like ILike SimilarTo RegexpLike RegexpILike Escape EQ NEQ LT LTE GT GTE
    NullSafeEQ NullSafeNEQ And Or Not Neg Add Sub Mul Div Mod Pow DPipe
    BitwiseAnd BitwiseOr BitwiseXor BitwiseNot BitwiseLeftShift BitwiseRightShift
    AtTimeZone Collate JSONExtract JSONExtractScalar JSONBExtract JSONBExtractScalar
    JSONBContainsTopKey JSONPath JSONPathRoot JSONPathKey JSONPathSubscript
    ArrayContainsAll ArrayContainedBy ArrayOverlaps
"""
_CALLS = """
    Count Sum Avg Min Max Stddev StddevPop StddevSamp Variance VariancePop Corr CovarPop CovarSamp
    RegrSlope RegrIntercept RegrR2 LogicalAnd LogicalOr PercentileCont PercentileDisc Mode
    ArrayAgg GroupConcat JSONArrayAgg JSONBObjectAgg
    RowNumber Rank DenseRank PercentRank CumeDist Ntile Lag Lead FirstValue LastValue NthValue
    Coalesce Nullif Greatest Least Abs Ceil Floor Round Trunc Sign Sqrt Cbrt Exp Ln Log WidthBucket
    Lower Upper Initcap Length Trim Left Right Substring StrPosition SplitPart Concat ConcatWs
    Replace Reverse StartsWith MD5 Translate RegexpReplace TimeToStr StrToTime StrToDate UnixToTime
    TimestampTrunc DateBin Extract MakeInterval JustifyDays
    CurrentTimestamp CurrentDate Localtimestamp CurrentUser
    ArraySize ArrayPosition ArrayToString ArrayAppend ArrayRemove ArrayConcat StringToArray Explode
"""
NODES: frozenset[type] = frozenset(getattr(exp, one) for one in f"{_PARTS}{_CALLS}".split())
"""What a statement may be made of. Not here are those functions that make much of little (repeat,
lpad, format, generate_series), all that looks at the server or waits, and all that writes.
"""

_OTHERS = """
    age array_positions cardinality every jsonb_agg jsonb_array_elements jsonb_array_elements_text
    jsonb_array_length jsonb_each jsonb_each_text jsonb_object_keys jsonb_typeof
    jsonb_extract_path jsonb_extract_path_text jsonb_build_object json_build_object to_jsonb
    make_date octet_length row isfinite
"""
FUNCTIONS = frozenset(_OTHERS.split())
"""Functions that the parser knows by no class of their own."""

_KINDS = """
    ARRAY BIGINT BOOLEAN BPCHAR CHAR DATE DECIMAL DOUBLE FLOAT INT INTERVAL JSON JSONB SMALLINT TEXT
    TIME TIMESTAMP TIMESTAMPTZ UUID VARCHAR
"""
TYPES = frozenset(exp.DataType.Type[one] for one in _KINDS.split())
