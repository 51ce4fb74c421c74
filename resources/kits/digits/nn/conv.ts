import { normal } from "../random.ts";
import type { Layer } from "./layer.ts";

export interface ConvShape {
  height: number;
  width: number;
  inChannels: number;
  /** A multiple of 8: the inner loops take four or eight channels at once. */
  outChannels: number;
  /** Height and width of the kernel. */
  kernel: number;
  stride: number;
}

/** A shape with the sizes that follow from it; rows are counted in numbers, not in pixels. */
interface Geometry extends ConvShape {
  outHeight: number;
  outWidth: number;
  /** Numbers in a row of the input. */
  inputRow: number;
  /** Numbers from one position of the kernel to the next in a row. */
  step: number;
  /** Numbers in a row under the kernel; they are contiguous. */
  patchRow: number;
  /** Numbers under the kernel, which is also the distance of two output channels' weights. */
  patch: number;
  weightCount: number;
}

/**
 * A convolution without padding (cross-correlation, as in every library): input
 * height x width x inChannels, output floor((side - kernel) / stride) + 1 on each side.
 * Parameters: weights outChannels x kernel x kernel x inChannels, then outChannels biases.
 *
 * @throws RangeError when outChannels is not a multiple of 8 or the kernel exceeds the image.
 */
export function conv(shape: ConvShape): Layer {
  const { height, width, inChannels, outChannels, kernel, stride } = shape;
  if (outChannels % 8 !== 0) throw new RangeError("outChannels must be a multiple of 8");
  if (kernel > height || kernel > width) throw new RangeError("the kernel exceeds the image");
  const patchRow = kernel * inChannels;
  const patch = kernel * patchRow;
  const weightCount = outChannels * patch;
  const geometry: Geometry = {
    ...shape,
    outHeight: Math.floor((height - kernel) / stride) + 1,
    outWidth: Math.floor((width - kernel) / stride) + 1,
    inputRow: width * inChannels,
    step: stride * inChannels,
    patchRow,
    patch,
    weightCount,
  };

  return {
    inputSize: height * width * inChannels,
    outputSize: geometry.outHeight * geometry.outWidth * outChannels,
    parameterCount: weightCount + outChannels,
    initialise(parameters, random) {
      // He et al. 2015, arXiv:1502.01852, equation 10: keeps the variance through ReLU layers.
      const deviation = Math.sqrt(2 / patch);
      for (let i = 0; i < weightCount; i++) parameters[i] = deviation * normal(random);
      parameters.fill(0, weightCount);
    },
    forward: (w, x, y) => correlate(geometry, w, x, y),
    backward(w, x, dy, dx, gradient) {
      if (gradient) addWeightGradient(geometry, x, dy, gradient);
      if (dx) spread(geometry, w, dy, dx);
    },
  };
}

/*
 * The three loops below take nearly all the time of training and attacks. Each keeps eight sums
 * in registers, so that every number that is loaded is used several times.
 */

/** y = w * x + bias: two neighbouring positions by four channels at once. */
function correlate(g: Geometry, w: Float64Array, x: Float64Array, y: Float64Array): void {
  const { outHeight, outWidth, outChannels, kernel, stride, inputRow, patchRow, patch } = g;
  for (let o = 0; o < outChannels; o += 4) {
    const bias = g.weightCount + o;
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox += 2) {
        // At an odd width the last pair is the same position twice.
        const second = ox + 1 < outWidth ? 1 : 0;
        const step = second * g.step;
        let a0 = w[bias];
        let a1 = w[bias + 1];
        let a2 = w[bias + 2];
        let a3 = w[bias + 3];
        let b0 = a0;
        let b1 = a1;
        let b2 = a2;
        let b3 = a3;
        let k = o * patch;
        for (let ky = 0; ky < kernel; ky++) {
          let i = (oy * stride + ky) * inputRow + ox * g.step;
          for (const end = i + patchRow; i < end; i++, k++) {
            const a = x[i];
            const b = x[i + step];
            const w0 = w[k];
            const w1 = w[k + patch];
            const w2 = w[k + 2 * patch];
            const w3 = w[k + 3 * patch];
            a0 += a * w0;
            a1 += a * w1;
            a2 += a * w2;
            a3 += a * w3;
            b0 += b * w0;
            b1 += b * w1;
            b2 += b * w2;
            b3 += b * w3;
          }
        }
        const p = (oy * outWidth + ox) * outChannels + o;
        y[p] = a0;
        y[p + 1] = a1;
        y[p + 2] = a2;
        y[p + 3] = a3;
        const q = p + second * outChannels;
        y[q] = b0;
        y[q + 1] = b1;
        y[q + 2] = b2;
        y[q + 3] = b3;
      }
    }
  }
}

/** gradient += dy correlated with x, and for the biases the sum of dy: two weights by four. */
function addWeightGradient(
  g: Geometry,
  x: Float64Array,
  dy: Float64Array,
  gradient: Float64Array,
): void {
  const { outHeight, outWidth, outChannels, kernel, stride, inputRow, patchRow, patch } = g;
  for (let o = 0; o < outChannels; o += 4) {
    for (let ky = 0; ky < kernel; ky++) {
      for (let j = 0; j < patchRow; j += 2) {
        // At an odd length the last weight has no partner, and its second sum is thrown away.
        const second = j + 1 < patchRow ? 1 : 0;
        let a0 = 0;
        let a1 = 0;
        let a2 = 0;
        let a3 = 0;
        let b0 = 0;
        let b1 = 0;
        let b2 = 0;
        let b3 = 0;
        let p = o;
        for (let oy = 0; oy < outHeight; oy++) {
          let i = (oy * stride + ky) * inputRow + j;
          for (let ox = 0; ox < outWidth; ox++, i += g.step, p += outChannels) {
            const a = x[i];
            const b = x[i + second];
            const g0 = dy[p];
            const g1 = dy[p + 1];
            const g2 = dy[p + 2];
            const g3 = dy[p + 3];
            a0 += a * g0;
            a1 += a * g1;
            a2 += a * g2;
            a3 += a * g3;
            b0 += b * g0;
            b1 += b * g1;
            b2 += b * g2;
            b3 += b * g3;
          }
        }
        const k = o * patch + ky * patchRow + j;
        gradient[k] += a0;
        gradient[k + patch] += a1;
        gradient[k + 2 * patch] += a2;
        gradient[k + 3 * patch] += a3;
        if (second === 0) continue;
        gradient[k + 1] += b0;
        gradient[k + patch + 1] += b1;
        gradient[k + 2 * patch + 1] += b2;
        gradient[k + 3 * patch + 1] += b3;
      }
    }
  }
  for (let p = 0; p < dy.length; p++) gradient[g.weightCount + (p % outChannels)] += dy[p];
}

/** dx = the transposed convolution of dy: what eight channels give back at once. */
function spread(g: Geometry, w: Float64Array, dy: Float64Array, dx: Float64Array): void {
  const { outHeight, outWidth, outChannels, kernel, stride, inputRow, patchRow, patch } = g;
  dx.fill(0);
  for (let o = 0; o < outChannels; o += 8) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        const p = (oy * outWidth + ox) * outChannels + o;
        const g0 = dy[p];
        const g1 = dy[p + 1];
        const g2 = dy[p + 2];
        const g3 = dy[p + 3];
        const g4 = dy[p + 4];
        const g5 = dy[p + 5];
        const g6 = dy[p + 6];
        const g7 = dy[p + 7];
        let k = o * patch;
        for (let ky = 0; ky < kernel; ky++) {
          let i = (oy * stride + ky) * inputRow + ox * g.step;
          for (const end = i + patchRow; i < end; i++, k++) {
            const low =
              g0 * w[k] + g1 * w[k + patch] + g2 * w[k + 2 * patch] + g3 * w[k + 3 * patch];
            const m = k + 4 * patch;
            dx[i] +=
              low + (g4 * w[m] + g5 * w[m + patch] + g6 * w[m + 2 * patch] + g7 * w[m + 3 * patch]);
          }
        }
      }
    }
  }
}
