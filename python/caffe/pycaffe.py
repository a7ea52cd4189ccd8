"""Nets and solvers, as pycaffe has them."""

import os
import time
import warnings
import weakref
from collections import OrderedDict
from itertools import zip_longest

import numpy as np

from ._blob import BlobVec
from ._engine import engine, set_for_all
from ._layers import add_callback, forget_callback, layer_of
from ._peer import CaffeError

TRAIN = 0
TEST = 1


class _Held:
    """What the engine keeps for a net or a solver, until no object of it is left here."""

    def __init__(self, peer, number):
        self.peer = peer
        weakref.finalize(self, peer.give_up, number).atexit = False


class NetLayer:
    """A layer of a net: its `type` and its `blobs`."""

    def __init__(self, type_, blobs):
        self.type = type_
        self.blobs = blobs

    def __repr__(self):
        return "<caffe layer of type %s>" % self.type


def _path(file):
    """A file's name as the engine takes it."""
    return os.path.abspath(os.fsdecode(file))


class Net:
    """
    Layers joined by blobs.

    Net(network_file, phase, level=0, stages=None, weights=None), or, as in old scripts,
    Net(network_file, weights_file, phase).
    """

    def __init__(self, network_file, phase, level=0, stages=None, weights=None):
        if isinstance(phase, (str, os.PathLike)):
            # The old order of arguments.
            log("DEPRECATION WARNING - deprecated use of Python interface")
            log('Use this instead (with the named "weights" parameter):')
            log("Net('%s', %d, weights='%s')" % (network_file, level, phase))
            phase, weights, level = level, phase, 0
        if phase not in (TRAIN, TEST):
            raise ValueError("phase is %r. Expected caffe.TRAIN or caffe.TEST." % (phase,))
        peer = engine()
        fields = {"level": level, "stages": list(stages or [])}
        if weights is not None:
            fields["weights"] = [_path(weights)]
        facts = peer.call("net.open", file=_path(network_file), phase="TEST" if phase == TEST else "TRAIN", **fields)
        self._adopt(facts, _Held(peer, facts["held"]))

    def _adopt(self, facts, held):
        peer = held.peer
        self._held = held
        self._forget_arrays = lambda: None
        self._peer = peer
        self._number = facts["net"]
        self.name = facts["name"]
        self._layer_names = [layer["name"] for layer in facts["layers"]]
        self._blob_names = [name for name, _, _ in facts["blobs"]]
        self._blobs = [peer.blob(number, held) for _, number, _ in facts["blobs"]]
        self._blob_loss_weights = [weight for _, _, weight in facts["blobs"]]
        self._inputs = facts["inputs"]
        self._outputs = facts["outputs"]
        self._bottoms = [layer["bottoms"] for layer in facts["layers"]]
        self._tops = [layer["tops"] for layer in facts["layers"]]
        self.layers = [self._layer(layer, held) for layer in facts["layers"]]

    def _layer(self, facts, held):
        if "remote" in facts:
            layer = layer_of(facts["remote"])
            for number in facts["blobs"]:
                self._peer.blob(number, held)
            return layer
        return NetLayer(facts["type"], BlobVec(self._peer.blob(number, held) for number in facts["blobs"]))

    def _cached(self, name, make):
        try:
            return self.__dict__[name]
        except KeyError:
            self.__dict__[name] = made = make()
            return made

    # -- what it is made of -------------------------------------------------------------------------------------

    @property
    def blobs(self):
        """The blobs by name, from the first layer's to the last one's."""
        return self._cached("_blobs_dict", lambda: OrderedDict(zip(self._blob_names, self._blobs)))

    @property
    def blob_loss_weights(self):
        """The weight of each blob in the loss, by its name."""
        return self._cached(
            "_blob_loss_weights_dict", lambda: OrderedDict(zip(self._blob_names, self._blob_loss_weights))
        )

    @property
    def layer_dict(self):
        """The layers by name."""
        return self._cached("_layer_dict", lambda: OrderedDict(zip(self._layer_names, self.layers)))

    @property
    def params(self):
        """The blobs of each layer that has any, by the layer's name: weights, biases and the like."""
        return self._cached(
            "_params_dict",
            lambda: OrderedDict((name, one.blobs) for name, one in zip(self._layer_names, self.layers) if one.blobs),
        )

    @property
    def inputs(self):
        """The names of the blobs that Input layers make."""
        return self._cached("_input_list", lambda: [self._blob_names[i] for i in self._inputs])

    @property
    def outputs(self):
        """The names of the blobs that no layer reads."""
        return self._cached("_output_list", lambda: [self._blob_names[i] for i in self._outputs])

    @property
    def bottom_names(self):
        """The names of each layer's bottoms, by the layer's name."""
        return self._cached("_bottom_names", lambda: self._names_of(self._bottom_ids))

    @property
    def top_names(self):
        """The names of each layer's tops, by the layer's name."""
        return self._cached("_top_names", lambda: self._names_of(self._top_ids))

    def _names_of(self, ids):
        return OrderedDict(
            (name, [self._blob_names[blob] for blob in ids(layer)]) for layer, name in enumerate(self._layer_names)
        )

    def _bottom_ids(self, layer):
        return list(self._bottoms[layer])

    def _top_ids(self, layer):
        return list(self._tops[layer])

    # -- passes -------------------------------------------------------------------------------------------------

    def _forward(self, start, end):
        self._peer.begin_pass()
        return self._peer.call("net.forward", net=self._number, **{"from": int(start), "to": int(end)})

    def _backward(self, start, end):
        self._peer.begin_pass()
        self._peer.call("net.backward", net=self._number, **{"from": int(start), "to": int(end)})

    def forward(self, blobs=None, start=None, end=None, **kwargs):
        """
        Runs the layers from `start` to `end` (names; all by default) on the inputs given by name.

        Returns the arrays of the outputs by name, and of `blobs` beside them; with `end` those of that layer's tops.
        """
        first = 0 if start is None else self._layer_names.index(start)
        last = len(self.layers) - 1 if end is None else self._layer_names.index(end)
        wanted = (self.outputs if end is None else self.top_names[end]) + list(blobs or [])
        if kwargs:
            if set(kwargs) != set(self.inputs):
                raise Exception("the arrays given are for %s; the net's inputs are %s" % (sorted(kwargs), self.inputs))
            for name, values in kwargs.items():
                self._fill(self.blobs[name], "data", name, values)
        self._forward(first, last)
        return {name: self.blobs[name].data for name in wanted}

    def backward(self, diffs=None, start=None, end=None, **kwargs):
        """
        Runs the layers' backward from `start` back to `end` (names; all by default), from the gradients of outputs given
        by name.

        Returns the gradients of the inputs by name, and of `diffs` beside them; with `end` those of that layer's bottoms.
        """
        first = len(self.layers) - 1 if start is None else self._layer_names.index(start)
        last = 0 if end is None else self._layer_names.index(end)
        wanted = (self.inputs if end is None else self.bottom_names[end]) + list(diffs or [])
        if kwargs:
            if set(kwargs) != set(self.outputs):
                raise Exception("the gradients given are for %s; the net's outputs are %s" % (sorted(kwargs), self.outputs))
            for name, values in kwargs.items():
                self._fill(self.blobs[name], "diff", name, values)
        self._backward(first, last)
        return {name: self.blobs[name].diff for name in wanted}

    def _fill(self, blob, side, name, values):
        array = getattr(blob, side)
        if np.shape(values)[:1] != array.shape[:1]:
            raise Exception(
                "%s of %s has %s samples, a batch of the net %s"
                % (side, name, list(np.shape(values)[:1]), list(array.shape[:1]))
            )
        array[...] = values

    def forward_all(self, blobs=None, **kwargs):
        """Runs any number of samples, a batch at a time; the outputs (and `blobs`) of all of them by name."""
        collected = {name: [] for name in self.outputs + list(blobs or [])}
        for batch in self._batch(kwargs):
            for name, values in self.forward(blobs=blobs, **batch).items():
                collected[name].extend(values.copy())
        return self._without_padding(collected, kwargs)

    def forward_backward_all(self, blobs=None, diffs=None, **kwargs):
        """As `forward_all`, with each batch's backward; arrays named as inputs and as gradients of outputs."""
        outputs = {name: [] for name in self.outputs + list(blobs or [])}
        gradients = {name: [] for name in self.inputs + list(diffs or [])}
        forward = self._batch({name: kwargs[name] for name in self.inputs if name in kwargs})
        backward = self._batch({name: kwargs[name] for name in self.outputs if name in kwargs})
        for inputs, tops in zip_longest(forward, backward, fillvalue={}):
            given = self.forward(blobs=blobs, **inputs)
            for name, values in given.items():
                outputs[name].extend(values.copy())
            for name, values in self.backward(diffs=diffs, **tops).items():
                gradients[name].extend(values.copy())
        return self._without_padding(outputs, kwargs), self._without_padding(gradients, kwargs)

    @staticmethod
    def _without_padding(collected, given):
        samples = len(next(iter(given.values())))
        lengths = [len(values) for values in collected.values()]
        padding = (lengths[0] if lengths else samples) - samples
        end = -padding if padding > 0 else None
        return {name: np.asarray(values)[:end] for name, values in collected.items()}

    def _batch(self, blobs):
        """The arrays a batch of the net at a time; the last one is filled up with zeros."""
        if not blobs:
            return
        total = len(next(iter(blobs.values())))
        size = next(iter(self.blobs.values())).shape[0]
        for begin in range(0, total, size):
            batch = {name: np.asarray(values[begin : begin + size]) for name, values in blobs.items()}
            missing = begin + size - min(total, begin + size)
            if missing > 0:
                batch = {
                    name: np.concatenate([values, np.zeros((missing,) + values.shape[1:])])
                    for name, values in batch.items()
                }
            yield batch

    def reshape(self):
        """Lets all layers follow new shapes of the inputs."""
        self._peer.call("net.reshape", net=self._number)

    def clear_param_diffs(self):
        """Makes the gradients of all parameters zero."""
        self._peer.call("net.clearParamDiffs", net=self._number)

    # -- weights ------------------------------------------------------------------------------------------------

    def copy_from(self, file):
        """Copies weights of a .caffemodel or HDF5 file into layers of the same name."""
        self._peer.call("net.copyFrom", net=self._number, file=_path(file))

    def share_with(self, other):
        """Uses the memory of the other net's weights for layers of the same name."""
        self._peer.call("net.shareWith", net=self._number, other=other._number)
        self._shares = other._held

    def save(self, file):
        """Writes the weights as a .caffemodel."""
        self._peer.call("net.save", net=self._number, file=_path(file))

    def save_hdf5(self, file):
        """Writes the weights as HDF5."""
        self._peer.call("net.save", net=self._number, file=_path(file), hdf5=True)

    def load_hdf5(self, file):
        """Copies weights of an HDF5 file into layers of the same name."""
        self.copy_from(file)

    # -- data and callbacks -------------------------------------------------------------------------------------

    def set_input_arrays(self, data, labels):
        """
        Gives the MemoryData layer that the net begins with its images (N×C×H×W) and labels (N). Images are not copied:
        a pass reads what they hold then.
        """
        labels = np.asarray(labels)
        if labels.ndim == 1:
            labels = np.ascontiguousarray(labels[:, np.newaxis, np.newaxis, np.newaxis])
        self._set_input_arrays(data, labels)

    def _set_input_arrays(self, data, labels):
        if not self.layers or self.layers[0].type != "MemoryData":
            raise CaffeError("set_input_arrays may only be called if the first layer is a MemoryData layer.")
        # They are not the net's to keep: what the engine may call lives no longer than the net.
        tops = [self._peer.blob(self._blobs[top]._number) for top in self._tops[0]]
        size = tops[0].shape[0]
        for name, array, lengths in (("data array", data, tops[0].shape[1:]), ("labels array", labels, [1, 1, 1])):
            if not array.flags.c_contiguous:
                raise CaffeError("%s must be C contiguous" % name)
            if array.ndim != 4:
                raise CaffeError("%s must be 4-d" % name)
            if array.dtype != np.float32:
                raise CaffeError("%s must be float32" % name)
            if list(array.shape[1:]) != lengths:
                raise CaffeError("%s is %s. Expected %s behind the number" % (name, list(array.shape), lengths))
        if len(data) != len(labels):
            raise CaffeError("data and labels must have the same first dimension")

        def write_batch(first):
            for top, array in zip(tops, (data, labels)):
                top.data[...] = array[first : first + size]

        number = add_callback(write_batch)
        forget = weakref.finalize(self._held, forget_callback, number)
        forget.atexit = False
        try:
            self._peer.call("net.setInputArrays", net=self._number, count=len(labels), id=number)
        except BaseException:
            forget()
            raise
        self._forget_arrays()
        self._forget_arrays = forget

    def _add_callback(self, moment, function):
        self._peer.call("net.addCallback", net=self._number, moment=moment, id=add_callback(function))

    def before_forward(self, run):
        """Calls run(layer) before each layer's forward."""
        self._add_callback("before_forward", run)

    def after_forward(self, run):
        """Calls run(layer) after each layer's forward."""
        self._add_callback("after_forward", run)

    def before_backward(self, run):
        """Calls run(layer) before each layer's backward."""
        self._add_callback("before_backward", run)

    def after_backward(self, run):
        """Calls run(layer) after each layer's backward."""
        self._add_callback("after_backward", run)


class SolverParameter:
    """The fields of a solver that scripts look at; `base_lr` may be set."""

    def __init__(self, solver):
        self._solver = solver

    def _get(self, field, default):
        value = self._solver._call("solver.get", field=field)
        return default if value is None else value

    @property
    def max_iter(self):
        return self._get("max_iter", 0)

    @property
    def display(self):
        return self._get("display", 0)

    @property
    def layer_wise_reduce(self):
        return self._get("layer_wise_reduce", True)

    @property
    def base_lr(self):
        return self._get("base_lr", 0.0)

    @base_lr.setter
    def base_lr(self, value):
        self._solver._call("solver.setBaseRate", value=float(value))


def _net_of(facts, held):
    net = Net.__new__(Net)
    net._adopt(facts, held)
    return net


class Solver:
    """Trains a net; `get_solver` makes the one that a file asks for."""

    _type = None

    def __init__(self, solver_file):
        peer = engine()
        rule = {} if self._type is None else {"type": self._type}
        facts = peer.call("solver.open", file=_path(solver_file), **rule)
        self._held = _Held(peer, facts["held"])
        self._peer = peer
        self._number = facts["solver"]
        self._rule = facts["type"]
        self.net = _net_of(facts["net"], self._held)
        self.test_nets = [_net_of(net, self._held) for net in facts["testNets"]]
        self.param = SolverParameter(self)

    def _call(self, op, **fields):
        return self._peer.call(op, solver=self._number, **fields)

    @property
    def iter(self):
        """How many updates have been done."""
        return self._call("solver.iter")

    @property
    def lr(self):
        """The learning rate of the coming update."""
        return self._call("solver.rate")

    def step(self, iterations):
        """Does so many iterations."""
        self._peer.begin_pass()
        self._call("solver.step", iterations=int(iterations))

    def solve(self, resume_file=None):
        """Trains to max_iter, from a .solverstate where one is given. Ctrl-C stops it after a snapshot."""
        self._peer.begin_pass()
        self._call("solver.solve", **({} if resume_file is None else {"file": _path(resume_file)}))

    def restore(self, file):
        """Goes on from a .solverstate."""
        self._call("solver.restore", file=_path(file))

    def snapshot(self):
        """Writes a snapshot under the solver's prefix."""
        self._call("solver.snapshot")

    def apply_update(self):
        """Updates all parameters from their gradients."""
        self._peer.begin_pass()
        self._call("solver.applyUpdate")

    def share_weights(self, net):
        """Lets a net use the memory of this solver's weights."""
        self._call("solver.shareWeights", net=net._number)
        net._shares = self._held

    def add_callback(self, on_start, on_gradients_ready=None):
        """Calls on_start() before each iteration, and on_gradients_ready() before its update."""
        if isinstance(on_start, NCCL):
            raise CaffeError("NCCL is not there: one process trains on one device.")
        self._call(
            "solver.addCallback",
            onStart=add_callback(on_start),
            onGradientsReady=add_callback(on_gradients_ready),
        )


class SGDSolver(Solver):
    """Stochastic gradient descent with momentum."""

    _type = "SGD"


class NesterovSolver(SGDSolver):
    """Nesterov's accelerated gradient."""

    _type = "Nesterov"


class AdaGradSolver(SGDSolver):
    """AdaGrad."""

    _type = "AdaGrad"


class RMSPropSolver(SGDSolver):
    """RMSProp."""

    _type = "RMSProp"


class AdaDeltaSolver(SGDSolver):
    """AdaDelta."""

    _type = "AdaDelta"


class AdamSolver(SGDSolver):
    """Adam."""

    _type = "Adam"


_solvers = {cls._type: cls for cls in (SGDSolver, NesterovSolver, AdaGradSolver, RMSPropSolver, AdaDeltaSolver, AdamSolver)}


def get_solver(solver_file):
    """The solver that a file asks for, by its `type`."""
    solver = Solver(solver_file)
    solver.__class__ = _solvers.get(solver._rule, SGDSolver)
    return solver


class NCCL:
    """There is none: one process trains on one device."""

    def __init__(self, *_):
        raise CaffeError("NCCL is not there: one process trains on one device.")


class Timer:
    """Measures the time between start() and stop(), in milliseconds in `ms`."""

    def __init__(self):
        self._began = None
        self._elapsed = 0.0

    def start(self):
        self._began = time.perf_counter()

    def stop(self):
        if self._began is not None:
            self._elapsed = time.perf_counter() - self._began
            self._began = None

    @property
    def ms(self):
        self.stop()
        return 1000 * self._elapsed


# -- what holds for all nets ------------------------------------------------------------------------------------


def init_log(level=0, stderr=True):
    """Drops log lines below a level: 0 INFO, 1 WARNING, 2 ERROR, 3 FATAL. The log goes to standard error."""
    if not stderr:
        warnings.warn("init_log(stderr=False): the log goes to standard error all the same; GLOG_log_dir names a folder for log files too.")
    set_for_all("setLogLevel", level=int(level))


def log(message):
    """Writes an INFO line."""
    engine().call("log", source="pycaffe", message=str(message))


def set_mode_cpu():
    """Nets and solvers that are made from now on compute on the CPU."""
    set_for_all("setMode", mode="cpu")


def set_mode_gpu():
    """Nets and solvers that are made from now on compute on the GPU of `set_device`."""
    set_for_all("setMode", mode="gpu")


def set_device(device):
    """Chooses the GPU by its number."""
    set_for_all("setDevice", device=int(device))


def set_random_seed(seed):
    """Every random number of nets and solvers that are made from now on follows from it."""
    set_for_all("setRandomSeed", seed=int(seed))


def layer_type_list():
    """The names of all layer types."""
    return engine().call("layerTypes")


def has_nccl():
    """Whether several GPUs can train together: they cannot."""
    return False


def solver_count():
    """How many solvers train together: one."""
    return 1


def set_solver_count(count):
    """Only one solver trains."""
    if count != 1:
        raise CaffeError("set_solver_count(%s): one process trains on one device. Expected 1." % count)


def solver_rank():
    """Which of the solvers that train together this one is: the first."""
    return 0


def set_solver_rank(rank):
    """There is one solver, of rank 0."""
    if rank != 0:
        raise CaffeError("set_solver_rank(%s): one process trains on one device. Expected 0." % rank)


def set_multiprocess(is_multiprocess):
    """Several processes do not train together."""
    if is_multiprocess:
        raise CaffeError("set_multiprocess(True): one process trains on one device. Expected False.")
