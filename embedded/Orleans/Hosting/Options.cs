namespace Orleans.Configuration
{
    /// <summary>When activations are collected, and how long their coming and going may take.</summary>
    public class GrainCollectionOptions
    {
        /// <summary>How often idle activations are looked for.</summary>
        public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromMinutes(1);

        /// <summary>How long an activation must be unused.</summary>
        public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);

        public TimeSpan ActivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

        public TimeSpan DeactivationTimeout { get; set; } = TimeSpan.FromSeconds(30);
    }

    public abstract class MessagingOptions
    {
        /// <summary>How long a caller waits for an answer.</summary>
        public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);
    }

    public class SiloMessagingOptions : MessagingOptions;
}

namespace Orleans.Runtime
{
    /// <summary>Keys under which an area's own clock can be registered; without one, the registered TimeProvider is the clock of all.</summary>
    public static class TimeProviderNames
    {
        public const string Grains = "Orleans.Grains";
        public const string Messaging = "Orleans.Messaging";
        public const string ActivationManagement = "Orleans.ActivationManagement";
    }
}
