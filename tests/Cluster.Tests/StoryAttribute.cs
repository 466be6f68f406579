namespace Mesh.Cluster.Tests;

/// <summary>A test of a cluster: a fact in the Cluster edition. In the other, where no silo joins another, it is compiled and nothing else.</summary>
#if CLUSTER
[AttributeUsage(AttributeTargets.Method)]
public sealed class StoryAttribute(
    [System.Runtime.CompilerServices.CallerFilePath] string? file = null, [System.Runtime.CompilerServices.CallerLineNumber] int line = -1) : FactAttribute(file, line);
#else
[AttributeUsage(AttributeTargets.Method)]
public sealed class StoryAttribute : Attribute;
#endif
