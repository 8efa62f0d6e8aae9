"""The numbers that others reported, in tables as they were read; a "-" where a source has none."""

from __future__ import annotations

from collections.abc import Iterator

from theodolite.evaluation.published import PublishedRow

_CROP = "KITTI: competitors' rows are customarily of Garg's crop, the release of Metric3D v2 cuts Eigen's."
_CONFLICT = (
    "KITTI, zero-shot: delta1 of ViT-L is .974 in one source and .985 in another; .985 is also its fine-tuned value, "
    "and probably a slip. AbsRel agrees."
)
_CONFIRMED = "A third party found AbsRel of the zero-shot v2 rows in the paper's Table I, too."
_SAME = "ZeroDepth's AbsRel and RMSElog on KITTI are the same in both of its rows."
_LOG10 = "ZeroDepth's log10 on NYUv2 stands here as printed; it does not fit its AbsRel."
_V1 = (
    "The public checkpoint of version 1 does not reproduce its paper's rows of these sets: its maintainers named about "
    "10 % on ETH3D, scaled to the truth, and 26 % on DIODE."
)
_SHIFTED = "OmniData's cells of KITTI and DIODE differ between README and paper; the README's look shifted by a column."
_RAW = "Third-party rows of NYUv2 are of the truth as measured, not as filled in."
_POOLED = "Third-party rows said to be pooled are over the pixels of all images, not means of images."
_SCANNET = "ScanNet is among the training sets of the released weights of Metric3D v2."
_TUNED = (
    "NYUv2, normals: the README's ViT-L row is the fine-tuned one of its authors' description, and its ViT-g row is "
    "close to the zero-shot ViT-L there."
)
_IBIMS = "True normals of iBims-1 are derived from depth, by each paper in its own way."
_SUBSET = "Ablations are of networks trained on a part of 55 000 images."
_V1_SETS = "diode-indoors ibims1 7scenes diode-outdoor eth3d nuscenes"


def _rows(
    benchmarks: str, alignment: str, source: str, names: str, table: str, *notes: str, **of_all: bool
) -> Iterator[PublishedRow]:
    """Rows of a table: method, variant, and for each benchmark in turn a number for each metric named."""
    metrics = names.split()
    for line in table.strip().splitlines():
        method, variant, numbers = (cell.strip() for cell in line.split("|"))
        left = iter(numbers.split())
        for benchmark in benchmarks.split():
            cells = {name: next(left) for name in metrics}
            values = {name: float(cell) for name, cell in cells.items() if cell != "-"}
            if values:
                yield PublishedRow(benchmark, method, alignment, source, values, variant, notes=notes, **of_all)
        assert not list(left), line


def _version_2_metric() -> Iterator[PublishedRow]:
    yield from _rows("kitti", "metric", "readme", "delta1 delta2 abs_rel rmse rmse_log", """
        ZoeDepth       | ViT-L     | .971 .995 .053 2.281 .082
        ZeroDepth      | ResNet-18 | .968 .996 .057 2.087 .083
        IEBins         | Swin-L    | .978 .998 .050 2.011 .075
        Depth Anything | ViT-L     | .982 .998 .046 1.985 .069
        Metric3D v2    | ViT-L     | .985 .998 .044 1.985 .064
        Metric3D v2    | ViT-g2    | .989 .998 .039 1.766 .060
    """, _CROP, fine_tuned=True)  # fmt: skip
    yield from _rows("nyuv2", "metric", "readme", "delta1 delta2 abs_rel rmse log10", """
        ZoeDepth       | ViT-L     | .953 .995 .077 .277 .033
        ZeroDepth      | ResNet-18 | .954 .995 .074 .269 .103
        IEBins         | Swin-L    | .936 .992 .087 .314 .031
        Depth Anything | ViT-L     | .984 .998 .056 .206 .024
        Metric3D v2    | ViT-L     | .989 .998 .047 .183 .020
        Metric3D v2    | ViT-g2    | .987 .997 .045 .187 .015
    """, _LOG10, fine_tuned=True)  # fmt: skip
    yield from _rows("kitti", "metric", "readme-history", "delta1 delta2 delta3 abs_rel rmse rmse_log", """
        ZeroDepth      |           | .910 .980 .996 .057 4.044 .083
        Metric3D v2    | ViT-L     | .985 .995 .999 .052 2.511 .074
        Metric3D v2    | ViT-g2    | .989 .996 .999 .051 2.403 .080
    """, _CROP, _CONFLICT, _CONFIRMED, _SAME)  # fmt: skip
    yield from _rows("nyuv2", "metric", "readme-history", "delta1 delta2 delta3 abs_rel rmse log10", """
        ZeroDepth      |            | .901 .961 - .100 .380 -
        PolyMax        | ConvNeXt-L | .969 .996 .999 .067 .250 .033
        Metric3D v2    | ViT-L      | .975 .994 .998 .063 .251 .028
        Metric3D v2    | ViT-g2     | .980 .997 .999 .067 .260 .030
    """, _CONFIRMED)  # fmt: skip
    yield from _rows(
        "kitti", "metric", "abstract", "delta1 abs_rel", "Metric3D v2 | ViT-L | .974 .052", _CROP, _CONFLICT
    )
    yield from _rows("nyuv2", "metric", "abstract", "delta1 abs_rel", "Metric3D v2 | ViT-L | .975 .063")
    yield from _rows("scannet", "metric", "abstract", "delta1", "Metric3D v2 | ViT-L | .969", _SCANNET)
    yield from _rows("nuscenes diode-indoors diode-outdoor eth3d", "metric", "abstract", "delta1", """
        Metric3D v2    | ViT-L     | .977 .849 .847 .993
    """)  # fmt: skip


def _third_party() -> Iterator[PublishedRow]:
    yield from _rows("kitti", "metric", "third-party", "delta1 delta2 abs_rel rmse", """
        Metric3D v2    | ViT-L, Garg's crop  | .9785 .9962 .0495 2.262
        Metric3D v2    | ViT-g2, Garg's crop | - - .0503 -
    """, _CROP)  # fmt: skip
    yield from _rows("nyuv2", "metric", "third-party", "abs_rel rmse delta1", """
        Metric3D v2    | ViT-L               | .0660 - -
        Metric3D v2    | ViT-g2              | .0702 - -
        Metric3D v2    | ViT-L, pooled       | .069 .34 .967
    """, _RAW, _POOLED)  # fmt: skip
    yield from _rows("diode-outdoor ibims1", "metric", "third-party", "abs_rel rmse delta1", """
        Metric3D v2    | ViT-L, pooled       | .193 3.84 .859  .195 .77 .723
    """, _POOLED)  # fmt: skip


def _version_1_metric() -> Iterator[PublishedRow]:
    yield from _rows("nyuv2", "metric", "paper", "delta1 delta2 delta3 abs_rel log10 rmse", """
        Li et al.      | | .788 .958 .991 .143 .063 .635
        Laina et al.   | | .811 .953 .988 .127 .055 .573
        VNL            | | .875 .976 .994 .108 .048 .416
        TrDepth        | | .900 .983 .996 .106 .045 .365
        AdaBins        | | .903 .984 .997 .103 .044 .364
        NeWCRFs        | | .922 .992 .998 .095 .041 .334
    """, fine_tuned=True)  # fmt: skip
    yield from _rows("nyuv2", "metric", "paper", "delta1 delta2 delta3 abs_rel log10 rmse", """
        Metric3D       | CSTM_image, ConvNeXt-L | .925 .983 .994 .092 .040 .341
        Metric3D       | CSTM_label, ConvNeXt-L | .944 .986 .995 .083 .035 .310
    """)  # fmt: skip
    yield from _rows("kitti", "metric", "paper", "delta1 delta2 delta3 abs_rel rmse rmse_log", """
        Guo et al.     | | .902 .969 .986 .090 3.258 .168
        VNL            | | .938 .990 .998 .072 3.258 .117
        TrDepth        | | .956 .994 .999 .064 2.755 .098
        AdaBins        | | .964 .995 .999 .058 2.360 .088
        NeWCRFs        | | .974 .997 .999 .052 2.129 .079
    """, _CROP, fine_tuned=True)  # fmt: skip
    yield from _rows("kitti", "metric", "paper", "delta1 delta2 delta3 abs_rel rmse rmse_log", """
        Metric3D       | CSTM_image, ConvNeXt-L | .967 .995 .999 .060 2.843 .087
        Metric3D       | CSTM_label, ConvNeXt-L | .964 .993 .998 .058 2.770 .092
    """, _CROP)  # fmt: skip
    yield from _rows(_V1_SETS, "metric", "paper", "abs_rel rmse", """
        AdaBins  | | .443 1.963  .212 .901  .218 .428  .865 10.35  1.271 6.178  .445 10.658
        NeWCRFs  | | .404 1.867  .206 .861  .240 .451  .854 9.228   .890 5.011  .400 12.139
    """)  # fmt: skip
    yield from _rows(_V1_SETS, "metric", "paper", "abs_rel rmse", """
        Metric3D | CSTM_label, ConvNeXt-L | .252 1.440 .160 .521 .183 .363 .414 6.934 .416 3.017 .154 7.097
        Metric3D | CSTM_image, ConvNeXt-L | .268 1.429 .144 .646 .189 .388 .535 6.507 .342 2.965 .147 5.889
    """, _V1)  # fmt: skip


def _affine() -> Iterator[PublishedRow]:
    yield from _rows("kitti nyuv2 diode eth3d", "affine", "readme", "abs_rel delta1", """
        OmniData       | v2 ViT-L   | .069 .948  .074 .945  .149 .835  .166 .778
    """, _SHIFTED)  # fmt: skip
    yield from _rows("kitti nyuv2 diode eth3d", "affine", "readme", "abs_rel delta1", """
        Marigold       |            | .099 .916  .055 .961  .308 .773  .127 .960
        Depth Anything | ViT-L      | .076 .947  .043 .981  .277 .759  .065 .882
        Metric3D v2    | ViT-L      | .042 .979  .042 .980  .141 .882  .042 .987
        Metric3D v2    | ViT-g      | .043 .982  .043 .981  .136 .895  .042 .983
    """)  # fmt: skip
    yield from _rows("nyuv2 kitti diode scannet eth3d", "affine", "paper", "abs_rel delta1", """
        OmniData       | ViT-B      | .074 .945  .149 .835  .339 .742  .077 .935  .166 .778
    """, _SHIFTED)  # fmt: skip
    yield from _rows("nyuv2 kitti diode scannet eth3d", "affine", "paper", "abs_rel delta1", """
        DiverseDepth   | ResNeXt50  | .117 .875  .190 .704  .376 .631  .108 .882  .228 .694
        MiDaS          | ResNeXt101 | .111 .885  .236 .630  .332 .715  .111 .886  .184 .752
        LeReS          | ResNeXt101 | .090 .916  .149 .784  .271 .766  .095 .912  .171 .777
        HDN            | ViT-L      | .069 .948  .115 .867  .246 .780  .080 .939  .121 .833
        DPT-L          | ViT-L      | .098 .903  .10  .901  .182 .758  .078 .938  .078 .946
        Metric3D | CSTM_image, ConvNeXt-L | .058 .963  .053 .965  .211 .825  .074 .942  .064 .965
        Metric3D | CSTM_label, ConvNeXt-L | .050 .966  .058 .970  .224 .805  .074 .941  .066 .964
    """)  # fmt: skip


def _normals() -> Iterator[PublishedRow]:
    names = "within_11_25 mean rmse"
    yield from _rows("nyuv2", "none", "readme", names, """
        EESNU          |       | .597 16.0 24.7
        PolyMax        |       | .656 13.1 20.4
        Metric3D v2    | ViT-g | .662 13.2 20.2
    """, _TUNED)  # fmt: skip
    yield from _rows("nyuv2", "none", "readme", names, "Metric3D v2 | ViT-L | .688 12.0 19.2", _TUNED, fine_tuned=True)
    yield from _rows("scannet", "none", "readme", names, """
        EESNU          |       | .711 11.8 20.3
        Metric3D v2    | ViT-L | .760 9.9 16.4
        Metric3D v2    | ViT-g | .778 9.2 15.3
    """, _SCANNET)  # fmt: skip
    yield from _rows("ibims1", "none", "readme", names, """
        EESNU          |       | .585 20.0 -
        IronDepth      |       | .431 25.3 37.4
        Metric3D v2    | ViT-L | .694 19.4 34.9
        Metric3D v2    | ViT-g | .697 19.6 35.2
    """, _IBIMS)  # fmt: skip
    yield from _rows("nyuv2", "none", "abstract", "within_11_25 mean", """
        OmniData       |       | .577 16.7
        Metric3D v2    | ViT-L | .662 13.1
    """, _TUNED)  # fmt: skip
    yield from _rows(
        "nyuv2", "none", "abstract", "within_11_25 mean", "Metric3D v2 | ViT-L | .688 12.0", _TUNED, fine_tuned=True
    )


def _ablations() -> Iterator[PublishedRow]:
    yield from _rows("nuscenes kitti nyuv2", "metric", "paper", "abs_rel", """
        Metric3D | without CSTM                       | 1.00 .568 .584
        Metric3D | CamConvs in place of CSTM          | .423 .178 .333
        Metric3D | CSTM_image                         | .197 .097 .210
        Metric3D | CSTM_label                         | .213 .081 .212
        Metric3D | CSTM_image, all losses but RPNL    | .207 .104 .230
        Metric3D | CSTM_image, whole-image SSI loss   | .206 .105 .216
        Metric3D | CSTM_image, RPNL                   | .197 .097 .210
    """, _SUBSET, ablation=True)  # fmt: skip
    yield from _rows("ddad", "metric", "paper", "abs_rel", """
        Metric3D | without CSTM                       | .530
        Metric3D | CamConvs in place of CSTM          | .295
        Metric3D | CSTM_image                         | .190
        Metric3D | CSTM_label                         | .183
        Metric3D | CSTM_image, all losses but RPNL    | .204
        Metric3D | CSTM_image, whole-image SSI loss   | .197
        Metric3D | CSTM_image, RPNL                   | .190
    """, _SUBSET, ablation=True, fine_tuned=True)  # fmt: skip


ROWS = (
    *_version_2_metric(),
    *_third_party(),
    *_version_1_metric(),
    *_affine(),
    *_normals(),
    *_ablations(),
)
