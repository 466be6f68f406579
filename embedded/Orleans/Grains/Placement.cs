using Orleans.Runtime;

namespace Orleans.Runtime
{
    /// <summary>Where a grain is to live. With one silo there is one answer, so the embedded runtime only carries it.</summary>
    public abstract class PlacementStrategy;
}

namespace Orleans.Placement
{
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public abstract class PlacementAttribute : Attribute
    {
        protected PlacementAttribute(PlacementStrategy placement) => PlacementStrategy = placement ?? throw new ArgumentNullException(nameof(placement));

        public PlacementStrategy PlacementStrategy { get; private set; }
    }
}

namespace Orleans.Concurrency
{
    /// <summary>A grain that may be active on each silo, several times over. The embedded runtime has one activation of it, which is fewer than are allowed.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public sealed class StatelessWorkerAttribute : Placement.PlacementAttribute
    {
        public StatelessWorkerAttribute(int maxLocalWorkers)
            : base(new Workers()) => ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxLocalWorkers);

        private sealed class Workers : PlacementStrategy;
    }
}
