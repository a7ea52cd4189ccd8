function [scores, maxlabel] = classification_demo(im, use_gpu, model_dir)
% [scores, maxlabel] = classification_demo(im, use_gpu, model_dir)
%   Classifies an image with CaffeNet: scores of the 1000 classes, and the number of the best one, from 1 on.
%
%   im         an image as imread gives it, of three channels
%   use_gpu    whether to compute on a GPU; false unless given
%   model_dir  holds deploy.prototxt and bvlc_reference_caffenet.caffemodel; models/caffenet beside this folder unless
%              given. Get both with: caffe models get caffenet
%
%   Ten crops are scored: four corners and the middle, and each of them mirrored.

here = fileparts(mfilename('fullpath'));
if isempty(which('caffe.version'))
  addpath(fileparts(here));
end
if nargin < 3
  model_dir = fullfile(fileparts(fileparts(here)), 'models', 'caffenet');
end
if nargin > 1 && use_gpu
  caffe.set_device(0);
  caffe.set_mode_gpu();
else
  caffe.set_mode_cpu();
end

net = caffe.Net(fullfile(model_dir, 'deploy.prototxt'), ...
  fullfile(model_dir, 'bvlc_reference_caffenet.caffemodel'), 'test');
crops = crops_of(im);
net.blobs('data').reshape(size(crops));
res = net.forward({crops});
scores = mean(res{1}, 2);
[~, maxlabel] = max(scores);

end

function crops = crops_of(im)
% Ten crops of an image, width x height x channels x 10, blue first, without the mean of each channel.

side = 256;
crop = 227;
blue_first = single(permute(im(:, :, [3, 2, 1]), [2, 1, 3]));
image = resized(blue_first, side) - reshape(single([104, 117, 123]), 1, 1, 3);
crops = zeros(crop, crop, 3, 10, 'single');
far = side - crop;
starts = [0, 0; 0, far; far, 0; far, far; floor(far / 2), floor(far / 2)];
for n = 1:5
  crops(:, :, :, n) = image(starts(n, 1) + (1:crop), starts(n, 2) + (1:crop), :);
  crops(:, :, :, n + 5) = crops(end:-1:1, :, :, n);
end

end

function out = resized(im, side)
% The image as a square, between whose pixels values lie on straight lines.

x = min(max(((1:side) - 0.5) * size(im, 2) / side + 0.5, 1), size(im, 2));
y = min(max(((1:side)' - 0.5) * size(im, 1) / side + 0.5, 1), size(im, 1));
out = zeros(side, side, size(im, 3), 'single');
for c = 1:size(im, 3)
  out(:, :, c) = interp2(double(im(:, :, c)), x, y);
end

end
