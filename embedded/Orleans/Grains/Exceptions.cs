using Orleans.Runtime;

namespace Orleans.Runtime
{
    /// <summary>What the runtime itself has to complain about.</summary>
    public class OrleansException : Exception
    {
        public OrleansException(string message)
            : base(message)
        {
        }

        public OrleansException(string message, Exception innerException)
            : base(message, innerException)
        {
        }
    }
}

namespace Orleans.Storage
{
    /// <summary>
    /// Someone else wrote the record since it was read. The activation that gets this holds stale state, so the runtime takes it down.
    /// </summary>
    public class InconsistentStateException : OrleansException
    {
        public InconsistentStateException(string message)
            : base(message)
        {
        }

        public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag)
            : this(errorMsg, storedEtag, currentEtag, null)
        {
        }

        public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag, Exception? storageException)
            : base(errorMsg, storageException!)
        {
            StoredEtag = storedEtag;
            CurrentEtag = currentEtag;
        }

        public string? StoredEtag { get; }

        public string? CurrentEtag { get; }

        /// <summary>Whether it has not crossed a call yet: only the activation whose state is stale is taken down.</summary>
        internal bool IsSourceActivation { get; set; } = true;
    }
}
