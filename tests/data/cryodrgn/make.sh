#!/usr/bin/env bash
# Runs cryoDRGN on a small dataset and keeps what the tests read.
#   PYTHON=/path/to/python/with/cryobench CRYODRGN=/path/to/bin/cryodrgn bash tests/data/cryodrgn/make.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=1
"$PYTHON" "$here/dataset.py" "$work/dataset"
cd "$work"

input=(--datadir dataset --ctf dataset/ctf.pkl --zdim 2 --uninvert-data --no-amp --seed 0 --no-analysis --checkpoint 1 -n 2)
posed=(--poses dataset/poses.pkl)
tiny=(--enc-dim 8 --enc-layers 1 --dec-dim 8 --dec-layers 1 --pe-dim 8)
search=(--l-start 4 --l-end 8 --niter 2 --base-healpy 1 --nkeptposes 2 --t-extent 4 --t-ngrid 7)

"$CRYODRGN" train_vae dataset/particles.txt "${input[@]}" "${posed[@]}" "${tiny[@]}" -o train_vae \
  --domain hartley --do-pose-sgd --pretrain 0 --lr 1e-3
"$CRYODRGN" analyze train_vae 2 --ksample 3 --skip-umap
"$CRYODRGN" train_dec dataset/particles.star "${input[@]}" "${posed[@]}" -o train_dec --dim 8 --layers 1 --pe-dim 8
# The order of its input, dataset/shuffled.star, is not that of the dataset.
"$CRYODRGN" abinit_het_old dataset/shuffled.star "${input[@]/dataset\/ctf/dataset\/shuffled_ctf}" "${tiny[@]}" "${search[@]}" \
  -o abinit_het_old -b 8 --pretrain 48
"$CRYODRGN" abinit dataset/particles.star "${input[@]}" "${search[@]}" -o abinit \
  --epochs-pose-search 1 --n-imgs-pretrain 48 --dim 8 --layers 1 --pe-dim 8 \
  --batch-size-hps 8 --batch-size-known-poses 8 --num-workers 0

"$(dirname "$CRYODRGN")/python" "$here/expected.py" "$work" "$here"
cp dataset/shuffled.star abinit_het_old/
for run in train_vae train_dec abinit_het_old abinit; do
  rm -rf "$here/$run"
  mkdir "$here/$run"
  # Where it was run says nothing; the rest of the settings is as the program wrote it.
  sed -e "s#$work#/data#g; s#$(dirname "$CRYODRGN")#/env/bin#g" "$run/config.yaml" > "$here/$run/config.yaml"
  for name in z.1.pkl z.2.pkl z.pkl pose.1.pkl pose.2.pkl pose.pkl shuffled.star; do
    if [ -f "$run/$name" ]; then cp "$run/$name" "$here/$run/"; fi
  done
done
cp train_dec/weights.2.pkl "$here/train_dec/"
mkdir -p "$here/train_vae/analyze.2/kmeans3"
cp train_vae/analyze.2/kmeans3/{centers_ind.txt,vol_*.mrc} "$here/train_vae/analyze.2/kmeans3/"
