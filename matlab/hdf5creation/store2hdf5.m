function [curr_dat_sz, curr_lab_sz] = store2hdf5(filename, data, labels, create, startloc, chunksz)
% [curr_dat_sz, curr_lab_sz] = store2hdf5(filename, data, labels, create, startloc, chunksz)
%   Writes samples to an HDF5 file that HDF5Data layers read: the datasets data and label, of 32-bit floats.
%
%   data      width x height x channels x samples, or any array whose last axis counts samples
%   labels    labels x samples
%   create    whether to make the file, in place of one that is there, or to add to it; true unless given
%   startloc  where the first sample goes, as the places in both datasets: a struct with fields dat and lab, e.g.
%             struct('dat', [1 1 1 101], 'lab', [1 101]); behind all that are there unless given
%   chunksz   samples in a chunk of a new file, which is read and written as a whole; 1000 unless given
%
%   The sizes that data and labels have in the file then.

if nargin < 4 || isempty(create)
  create = true;
end
if nargin < 6
  chunksz = 1000;
end
if isempty(which('caffe.version'))
  addpath(fileparts(fileparts(mfilename('fullpath'))));
end

samples = size(labels, ndims(labels));
dat_dims = size(data);
if samples == 1 && dat_dims(end) ~= 1
  % An array has no axis of size 1 behind the others.
  dat_dims(end + 1) = 1;
end
lab_dims = size(labels);
caffe.internal.must(isnumeric(data) && isnumeric(labels), 'data and labels must be numeric');
caffe.internal.must(dat_dims(end) == samples, 'there are %d samples of data and %d of labels. Expected as many', ...
  dat_dims(end), samples);

request = struct('op', 'hdf5.store', 'file', filename, 'create', logical(create), 'rows', samples, 'chunk', chunksz);
request.dataShape = num2cell(caffe.internal.dims(dat_dims(1:end-1)));
request.labelShape = num2cell(caffe.internal.dims(lab_dims(1:end-1)));
if nargin > 4 && ~isempty(startloc)
  caffe.internal.must(all(startloc.dat(1:end-1) == 1) && all(startloc.lab(1:end-1) == 1), ...
    'startloc is within a sample. Expected 1 in all but the last place');
  request.from = {startloc.dat(end) - 1, startloc.lab(end) - 1};
end
engine = caffe.internal.current_engine();
sizes = engine.ask(request, single([data(:); labels(:)]));
curr_dat_sz = caffe.internal.dims(sizes.data);
curr_lab_sz = caffe.internal.dims(sizes.label);

end
