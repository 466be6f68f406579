using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using Orleans.Concurrency;

namespace Orleans.Runtime;

/// <summary>
/// What the runtime needs to know of one interface method, worked out at its first call: how to call it without reflection, how to give
/// its result back, and which attributes it carries.
/// </summary>
internal abstract class GrainMethod
{
    private static readonly ConcurrentDictionary<MethodInfo, GrainMethod> Known = new();

    private protected GrainMethod(MethodInfo method)
    {
        Name = $"{method.DeclaringType!.Name}/{method.Name}";
        OneWay = method.IsDefined(typeof(OneWayAttribute)) || method.ReturnType == typeof(void);
        AlwaysInterleave = method.IsDefined(typeof(AlwaysInterleaveAttribute));
        TokenIndex = Array.FindIndex(method.GetParameters(), parameter => parameter.ParameterType == typeof(CancellationToken));
        Invoke = CompileInvoke(method);
    }

    internal string Name { get; }

    internal bool OneWay { get; }

    internal bool AlwaysInterleave { get; }

    /// <summary>Which argument is the cancellation token; -1 when none is.</summary>
    internal int TokenIndex { get; }

    /// <summary>Calls it on an object; a null task stands for one that is complete.</summary>
    internal Func<object, object?[], Task?> Invoke { get; }

    internal static GrainMethod Of(MethodInfo method) => Known.GetOrAdd(method, Create);

    /// <summary>Sends a call, and answers what the interface's method returns.</summary>
    internal abstract object? Call(GrainReference reference, object?[] arguments);

    private static GrainMethod Create(MethodInfo method)
    {
        var type = method.ReturnType;
        if (type == typeof(void) || type == typeof(Task))
        {
            return new GrainMethod<object?>(method, task => task);
        }

        if (type == typeof(ValueTask))
        {
            return new GrainMethod<object?>(method, task => new ValueTask(task));
        }

        var shape = type.IsGenericType ? type.GetGenericTypeDefinition() : null;
        if (shape != typeof(Task<>) && shape != typeof(ValueTask<>))
        {
            throw new NotSupportedException($"{method.DeclaringType}.{method.Name} returns {type}; a grain method returns a Task or a ValueTask.");
        }

        var create = typeof(GrainMethod).GetMethod(nameof(CreateWithResult), BindingFlags.NonPublic | BindingFlags.Static)!;
        return (GrainMethod)create.MakeGenericMethod(type.GetGenericArguments()).Invoke(null, [method, shape == typeof(ValueTask<>)])!;
    }

    private static GrainMethod<T> CreateWithResult<T>(MethodInfo method, bool valueTask) =>
        new(method, valueTask ? task => new ValueTask<T>(task) : task => task);

    private static Func<object, object?[], Task?> CompileInvoke(MethodInfo method)
    {
        var target = Expression.Parameter(typeof(object));
        var arguments = Expression.Parameter(typeof(object?[]));
        var values = method.GetParameters().Select((parameter, i) =>
            Expression.Convert(Expression.ArrayIndex(arguments, Expression.Constant(i)), parameter.ParameterType));
        Expression call = Expression.Call(Expression.Convert(target, method.DeclaringType!), method, values);
        call = method.ReturnType == typeof(void)
            ? Expression.Block(call, Expression.Constant(null, typeof(Task)))
            : method.ReturnType.IsValueType ? Expression.Call(call, nameof(ValueTask.AsTask), null) : call;
        return Expression.Lambda<Func<object, object?[], Task?>>(Expression.Convert(call, typeof(Task)), target, arguments).Compile();
    }
}

/// <summary>A method with its type of result; <c>object</c> when it has none.</summary>
internal sealed class GrainMethod<T>(MethodInfo method, Func<Task<T>, object> give) : GrainMethod(method)
{
    private static readonly Task<T> Nothing = Task.FromResult<T>(default!);

    internal override object? Call(GrainReference reference, object?[] arguments)
    {
        var token = TokenIndex < 0 ? CancellationToken.None : (CancellationToken)arguments[TokenIndex]!;
        if (token.IsCancellationRequested)
        {
            return give(Task.FromCanceled<T>(token));
        }

        var call = new GrainCall<T>(this, reference, arguments, token);
        call.Send();
        return give(OneWay ? Nothing : call.Answer);
    }
}
